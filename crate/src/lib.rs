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
    use pyo3::exceptions::PyImportError;
    use pyo3::{ffi, prelude::*};

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
        // A thread of Rust's attaches to the main interpreter, and would call back there whoever had started it. PyO3
        // refuses the subinterpreters that have a GIL of their own, and lets the others pass.
        // SAFETY: this thread is attached.
        if unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) } != 0 {
            return Err(PyImportError::new_err("alsastream works in the main interpreter only"));
        }
        crate::stream::end_streams_at_exit(module.py())
    }
}
