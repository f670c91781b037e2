"""The messages of GNU ld and GCC in other languages, which they use where ``LC_MESSAGES`` asks for it.

rustc runs the linker with ``LC_ALL=C``; CMake, make, setuptools and cgo do not. Only messages that say the cause are
here. Sources: the catalogues ``ld.mo`` of binutils 2.40, ``gcc-12.mo`` of GCC 12.2 and ``libc.mo`` of glibc 2.36 in
Debian 12; for German, whose catalogue of 2.40 has no such rows, the output of older releases. As of November 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re
from diagnose.model.pattern import Pattern

# {lib}, {file} and {symbol} stand for the fact; quotes around it are of any kind.
_MESSAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "ld-undefined",
        (
            "undefinierter Verweis auf {symbol}",  # de
            "référence indéfinie vers {symbol}",  # fr
            "referencia a {symbol} sin definir",  # es
            "riferimento non definito a {symbol}",  # it
            "referência não definida para {symbol}",  # pt_BR
            "неопределённая ссылка на {symbol}",  # ru
            "неопределенная ссылка на {symbol}",
            "невизначене посилання на {symbol}",  # uk
            "{symbol} に対する定義されていない参照です",  # ja
            "对{symbol}未定义的引用",  # zh_CN
            "未定義的參考到 {symbol}",  # zh_TW
            "未定義參考到 {symbol}",
        ),
    ),
    (
        "ld-no-lib",
        (
            "{lib} kann nicht gefunden werden",
            "ne peut pas trouver {lib}",
            "no se puede encontrar {lib}",
            "impossibile trovare {lib}",
            "não foi possível localizar {lib}",
            "невозможно найти {lib}",
            "не вдалося знайти {lib}",
            "kan inte hitta {lib}",  # sv
            "{lib} bulunamadı",  # tr
            "{lib} が見つかりません",
            "找不到 {lib}",  # zh_CN, zh_TW
        ),
    ),
    (
        "ld-skipping",
        (
            "{file} ignoré car incompatible lors de la recherche de {lib}",
            "se salta el {file} incompatible mientras se busca {lib}",
            "saltato {file} incompatibile durante la ricerca di {lib}",
            "pulando {file} incompatível ao pesquisar para {lib}",
            "пропускается несовместимый {file} при поиске {lib}",
            "пропускаємо несумісний {file} під час пошуку {lib}",
            "hoppar över inkompatibel {file} vid sökning av {lib}",
            "{lib} için arama yapılırken uyumsuz {file} atlandı",
            "互換性のないを {file} スキップしました ({lib} を探索している時)",
            "当搜索用于 {lib} 时跳过不兼容的 {file}",
            "當搜尋用於 {lib} 時跳過不相容的 {file}",
        ),
    ),
)
_FACTS = {
    "{lib}": r"-l(?P<lib>:?[^\s:,()]{1,200})",
    "{file}": r"(?P<file>[^\s:]{1,400})",
    "{symbol}": r"[`'\"]? ?(?P<symbol>[^`'\"\s]{1,400}) ?['\"]?",
}
#: Before a message that begins with a fact: that is searched for where it begins, not at every byte.
_BEGIN = {"{symbol}": r"(?<![^`'\"\s])", "{file}": r"(?<![^\s:])"}
#: GCC's "fatal error:", and libc's "No such file or directory".
FATAL = (
    "schwerwiegender Fehler", "erreur fatale", "error fatal", "errore fatale", "erro fatal", "фатальная ошибка",
    "致命的エラー", "致命错误", "嚴重錯誤", "fatale fout", "критична помилка", "ölümcül hata",
)  # fmt: skip
#: Every translation of it; and the Spanish one of older releases.
_ABSENT = (
    "Adresár alebo súbor neexistuje", "Adresář nebo soubor neexistuje", "Arquivo ou diretório inexistente",
    "Aucun fichier ou dossier de ce type", "Bestand of map bestaat niet", "Böyle bir dosya ya da dizin yok",
    "Datei oder Verzeichnis nicht gefunden", "Datoteka ali imenik s tem imenom ne obstaja",
    "Dosiero aŭ dosierujo ne ekzistas", "El fitxer o directori no existeix", "Ficheiro ou pasta inexistente",
    "File o directory non esistente", "Filen eller katalogen finns inte", "Ingen slik fil eller filkatalog",
    "Ingen sådan fil eller filkatalog", "Không có tập tin hoặc thư mục như vậy", "Necun tal file o directorio",
    "Nema takve datoteke ili direktorija", "Nie ma takiego pliku ani katalogu", "Nincs ilyen fájl vagy könyvtár",
    "No existe el fichero o el directorio", "Non hai tal ficheiro ou directorio",
    "Tidak ada berkas atau direktori seperti itu", "Tiedostoa tai hakemistoa ei ole",
    "Toks failas ar aplankas neegzistuoja", "Δεν υπάρχει τέτοιο αρχείο ή κατάλογος",
    "Нема такве датотеке или директоријума", "Немає такого файла або каталогу", "Нет такого файла или каталога",
    "Няма такога файла ці каталога", "Няма такъв файл или директория",
    "そのようなファイルやディレクトリはありません", "沒有此一檔案或目錄",
    "没有那个文件或目录", "그런 파일이나 디렉터리가 없습니다", "No existe el archivo o el directorio",
)  # fmt: skip


def _pattern(kind: str, message: str) -> Pattern:
    """Return the pattern of *message*; its anchor is the longest text between two facts."""
    parts = re.split(r"(\{\w+\})", message)
    anchor = max((part.strip(" ()") for part in parts if part not in _FACTS), key=lambda text: len(text.encode()))
    begin = _BEGIN.get(parts[1], "") if not parts[0] else ""
    return Pattern(kind, anchor, begin + "".join(_FACTS.get(part) or re.escape(part) for part in parts))


def linker() -> tuple[Pattern, ...]:
    """Return the patterns of the linker's messages. German releases word the skipping in several ways."""
    skipping = rf"inkompatib\w{{0,12}} {_FACTS['{file}']} [^:]{{1,40}} {_FACTS['{lib}']}"
    patterns = (_pattern(kind, message) for kind, messages in _MESSAGES for message in messages)
    return (*patterns, Pattern("ld-skipping", "nkompatib", skipping))


def no_header(kind: str) -> tuple[Pattern, ...]:
    """Return the patterns of a header that GCC misses, as hits of *kind* with the group ``header``."""
    fatal = "|".join(("fatal error", *FATAL))  # GCC's own words may have no translation where libc's have one
    header = r"(?P<header>[\w][\w./+-]{0,200}\.(?:h|hpp|hh|hxx|H))"
    return tuple(Pattern(kind, words, rf"(?:{fatal}) ?[:：] ?{header} ?: {words}") for words in _ABSENT)


#: Every translation of "Exec format error" (``libc.mo`` of glibc 2.36).
_NOT_EXECUTABLE = (
    "Неправилен формат за изпълним файл", "té un format erroni", "Chybný formát spustitelného souboru",
    "Ugyldigt format på eksekverbar fil", "Fehler im Format der Programmdatei", "Σφάλμα στη διαμόρφωση του εκτελέσιμου",
    "Nevalida aranĝo de rulenda dosiero", "Formato de ejecutable incorrecto",
    "Käynnistettävän tiedoston muoto virheellinen", "Erreur de format pour exec()", "Exec erro de formato",
    "Greška u formatu izvršne datoteke", "Érvénytelen végrehajtható fájlformátum", "Format eksekusi error",
    "Formato eseguibile non valido", "実行形式エラー", "Exec 형식 오류", "Paleidžiamojo failo formato klaida",
    "Ugyldig format på eksekverbar fil", "Verkeerd uitvoerbaar bestand", "Błędny format pliku wykonywalnego",
    "Erro de formato do executável", "Erro no formato exec", "Ошибка формата выполняемого файла",
    "Chybný formát spustiteľného súboru", "Napaka v zapisu izvedljive datoteke", "Грешка формата извршавања",
    "Formatfel på körbar fil", "Çalıştırılabilir biçem hatası", "з форматом виконуваних файлів",
    "Lỗi định dạng thực hiện", "可执行文件格式错误", "可執行檔格式錯誤",
)  # fmt: skip


def not_executable(kind: str) -> tuple[Pattern, ...]:
    """Return the patterns of a program that the kernel cannot start, as hits of *kind* with the group ``program``.

    bash puts its own words, in the same language, between the program and the reason.
    """
    program = r"(?:^|[\s:：])(?P<program>[^\s:：'\"]{1,300}) ?[:：] ?(?:[^:：]{3,60}?[:：] ?)?"
    return tuple(Pattern(kind, words, rf"{program}(?:\S{{1,20}} )?{re.escape(words)}") for words in _NOT_EXECUTABLE)


CANNOT_LOCATE = (
    "Impossible de trouver le paquet %s", "Impossibile trovare il pacchetto %s", "Impossível encontrar o pacote %s",
    "No se ha podido localizar el paquete %s", "Não foi possível encontrar o pacote %s",
    "Paket %s kann nicht gefunden werden", "Kan pakket %s niet vinden", "Kunde inte hitta paketet %s",
    "Nie udało się odnaleźć pakietu %s", "Nelze najít balík %s", "%s paketi bulunamadı", "Невозможно найти пакет %s",
    "Не можу знайти пакунок %s", "パッケージ %s が見つかりません", "无法定位软件包 %s", "找不到套件 %s",
    "%s 패키지를 찾을 수 없습니다",
)  # fmt: skip
"""apt's translations of "Unable to locate package %s" (``po`` of its sources), which desktop systems print."""
