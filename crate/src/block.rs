//! Blocks of samples, played and recorded while the caller waits.

use alsa::Direction;
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::pcm::{Config, Pcm};

/// Plays interleaved samples to the end.
///
/// `samples` is any buffer: bytes, or numbers of the type that `format` ("i16" or "f32") says. ALSA must take `rate`
/// and `channels` as they are; `period`, the number of frames that move at a time, is a wish.
///
/// Raises AlsaError, ValueError for half a frame, TypeError for samples of another type.
#[pyfunction]
#[pyo3(signature = (samples, *, pcm="default", format="i16", rate=48_000, channels=2, period=1024))]
pub fn play(
    samples: &Bound<'_, PyAny>,
    pcm: &str,
    format: &str,
    rate: u32,
    channels: u32,
    period: u32,
) -> PyResult<()> {
    let py = samples.py();
    let config = Config { format: format.parse()?, rate, channels, period };
    let samples = config.frames(samples)?;
    let mut pcm = py.detach(|| Pcm::open(pcm, Direction::Playback, config))?;
    let outcome = write_all(py, &mut pcm, &samples, config.frame_size());
    py.detach(|| drop(pcm));
    outcome
}

fn write_all(py: Python<'_>, pcm: &mut Pcm, mut samples: &[u8], frame_size: usize) -> PyResult<()> {
    while !samples.is_empty() {
        py.check_signals()?;
        let frames = py.detach(|| pcm.write(samples))?;
        samples = &samples[frames * frame_size..];
    }
    while !py.detach(|| pcm.drain())? {
        py.check_signals()?;
    }
    Ok(())
}

/// Records `frames` frames, and returns their interleaved samples as bytes.
///
/// The other arguments are those of `play`. Raises AlsaError.
#[pyfunction]
#[pyo3(signature = (frames, *, pcm="default", format="i16", rate=48_000, channels=2, period=1024))]
pub fn record<'py>(
    py: Python<'py>,
    frames: usize,
    pcm: &str,
    format: &str,
    rate: u32,
    channels: u32,
    period: u32,
) -> PyResult<Bound<'py, PyBytes>> {
    let config = Config { format: format.parse()?, rate, channels, period };
    let size = frames.checked_mul(config.frame_size()).ok_or_else(|| PyOverflowError::new_err("too many frames"))?;
    let mut pcm = py.detach(|| Pcm::open(pcm, Direction::Capture, config))?;
    let recorded = PyBytes::new_with(py, size, |samples| read_all(py, &mut pcm, samples, config.frame_size()));
    py.detach(|| drop(pcm));
    recorded
}

fn read_all(py: Python<'_>, pcm: &mut Pcm, mut samples: &mut [u8], frame_size: usize) -> PyResult<()> {
    while !samples.is_empty() {
        py.check_signals()?;
        let frames = py.detach(|| pcm.read(samples))?;
        samples = &mut samples[frames * frame_size..];
    }
    Ok(())
}
