/* Opens shared objects as an interpreter's import does, with RTLD_NOW, and writes one event per step as a line of JSON.
 *
 * DIAGNOSE_EVENTS names the descriptor for them; the arguments are a folder and the objects below it. The program is
 * linked with a file that defines the symbols which an interpreter would provide, so that nothing else may be missing.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char line[65536];
static size_t length;

static void text(const char *words)
{
    for (; *words && length < sizeof line - 16; words++)
        line[length++] = *words;
}

/* A string of JSON: what it forbids is written as a question mark. */
static void quoted(const char *words)
{
    text("\"");
    for (; *words && length < sizeof line - 16; words++) {
        if (*words == '"' || *words == '\\')
            line[length++] = '\\';
        line[length++] = (unsigned char)*words < ' ' ? '?' : *words;
    }
    text("\"");
}

static void say(const char *event, const char *name, const char *trace)
{
    length = 0;
    text("{\"");
    text(event);
    text("\": ");
    quoted(name);
    if (trace) {
        text(", \"trace\": ");
        quoted(trace);
    }
    text("}\n");
    if (write(atoi(getenv("DIAGNOSE_EVENTS")), line, length) < 0)
        _exit(1);
}

int main(int count, char **names)
{
    for (int i = 2; i < count; i++) {
        static char path[4096];
        size_t folder = strlen(names[1]), size = strlen(names[i]);
        say("begin", names[i], 0);
        if (folder + size > sizeof path - 2)
            return 2;
        memcpy(path, names[1], folder);
        path[folder] = '/';
        memcpy(path + folder + 1, names[i], size + 1);
        if (dlopen(path, RTLD_NOW))
            say("done", names[i], 0);
        else
            say("failed", names[i], dlerror());
    }
    return 0;
}
