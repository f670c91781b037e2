//! `probe MODULE [CONSTRAINT]`: what the crate answers, one fact a line. TARGET and HOST are read from the environment,
//! as in a build script.
use pkg_config::{Config, Error};

fn main() {
    let mut args = std::env::args().skip(1);
    let module = args.next().expect("a module");
    let mut config = Config::new();
    // What a crate chooses for itself: PROBE_SYSTEM_LIBS=0, PROBE_METADATA=1.
    let chosen = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    config.cargo_metadata(chosen("PROBE_METADATA", "1")).env_metadata(false);
    config.print_system_libs(!chosen("PROBE_SYSTEM_LIBS", "0"));
    if let Some(version) = args.next() {
        config.atleast_version(&version);
    }
    match config.probe(&module) {
        Ok(library) => {
            println!("found\nversion {}", library.version);
            library.link_paths.iter().for_each(|path| println!("dir {}", path.display()));
            library.libs.iter().for_each(|name| println!("lib {name}"));
        }
        Err(Error::EnvNoPkgConfig(name)) => println!("disabled\nvariable {name}"),
        Err(Error::CrossCompilation) => println!("cross-refused"),
        Err(Error::Command { command, cause }) if cause.kind() == std::io::ErrorKind::NotFound => {
            println!("tool-missing\ncommand {command}")
        }
        Err(Error::Command { command, .. }) => println!("tool-failed\ncommand {command}"),
        Err(Error::ProbeFailure { command, .. } | Error::Failure { command, .. }) => {
            println!("not-found\ncommand {command}")
        }
        Err(other) => println!("other {other}"),
    }
}
