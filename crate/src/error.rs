//! ALSA's errors as Python's.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::{create_exception, exceptions::PyOSError};

create_exception!(
    alsastream,
    AlsaError,
    PyOSError,
    "An error of ALSA: `errno` is its code, `strerror` its text, `filename` the PCM's name."
);

/// What failed, and for which PCM.
pub struct Error {
    source: alsa::Error,
    pcm: Option<String>,
}

/// What fails with an ALSA error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of the PCM that is called `pcm`.
    pub fn of_pcm(source: alsa::Error, pcm: &str) -> Self {
        Self { source, pcm: Some(pcm.to_owned()) }
    }
}

impl From<alsa::Error> for Error {
    fn from(source: alsa::Error) -> Self {
        Self { source, pcm: None }
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        // Some of the crate's errors carry the code as ALSA returned it, negative, and most do not.
        let code = error.source.errno().abs();
        let text = format!("{} ({})", text(code), error.source.func());
        AlsaError::new_err((code, text, error.pcm))
    }
}

/// ALSA's own words for an error code; unlike `strerror`, they cover the codes that only ALSA knows.
fn text(code: i32) -> String {
    // SAFETY: `snd_strerror` takes any number, and returns a string that outlives this call.
    unsafe { CStr::from_ptr(alsa_sys::snd_strerror(-code)) }.to_string_lossy().into_owned()
}
