//! Plays and records samples through ALSA, from Python.
//!
//! The Python package `alsastream` re-exports everything in here. The rules of the house:
//!
//! * nothing waits while it is attached to the interpreter,
//! * nothing waits for longer than [`pcm::TICK`] without looking up (see [`pcm::Pcm::drain`] for what ALSA makes of it),
//! * every error of ALSA becomes an [`error::AlsaError`].

mod block;
mod dbus;
mod device;
mod error;
mod format;
mod pcm;
mod stream;

/// The extension module.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        block::{play, record},
        dbus::dbus_version,
        device::{Card, PcmName, alsa_version, cards, pcm_names},
        error::AlsaError,
        stream::{Capture, Playback, Stream},
    };

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::stream::end_streams_at_exit(module.py())
    }
}
