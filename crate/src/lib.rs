//! Plays and records samples through ALSA, from Python.
//!
//! The Python package `alsastream` re-exports everything in here. The rules of the house:
//!
//! * nothing waits while it is attached to the interpreter,
//! * nothing waits for longer than [`pcm::TICK`] without looking up,
//! * every error of ALSA becomes an [`error::AlsaError`].

mod block;
mod device;
mod error;
mod format;
mod pcm;

/// The extension module.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::{
        block::{play, record},
        device::{Card, PcmName, alsa_version, cards, pcm_names},
        error::AlsaError,
    };
}
