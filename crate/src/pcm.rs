//! A PCM, opened and configured, that can be read and written without ever waiting for long.

use std::ffi::CString;
use std::thread;
use std::time::Duration;

use alsa::pcm::{Access, Frames, HwParams, PCM, State};
use alsa::{Direction, ValueOr};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;

use crate::error::{Error, Result};
use crate::format::SampleFormat;

/// The longest wait for a PCM, after which the caller looks for signals and for a wish to stop.
pub const TICK: Duration = Duration::from_millis(100);

/// How many periods ALSA's buffer should hold.
const PERIODS: Frames = 4;

/// What the samples are like, and how many of them move at a time.
#[derive(Clone, Copy)]
pub struct Config {
    /// How a sample is stored.
    pub format: SampleFormat,
    /// Frames per second.
    pub rate: u32,
    /// Samples per frame.
    pub channels: u32,
    /// Frames between two wake-ups; ALSA takes the nearest that it can.
    pub period: u32,
}

impl Config {
    /// Bytes per frame.
    pub fn frame_size(&self) -> usize {
        self.format.size() * self.channels as usize
    }

    /// Whole frames of this format from a Python buffer.
    pub fn frames(&self, buffer: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
        let bytes = self.format.bytes(buffer)?;
        match bytes.len().checked_rem(self.frame_size()) {
            Some(0) => Ok(bytes),
            _ => Err(PyValueError::new_err(format!(
                "{} bytes are not whole frames of {} bytes",
                bytes.len(),
                self.frame_size()
            ))),
        }
    }
}

/// An open PCM.
///
/// It is opened in ALSA's non-blocking mode, so that a device which is in use is an error and not a wait without end.
pub struct Pcm {
    inner: PCM,
    name: String,
    direction: Direction,
    period: usize,
    period_size: usize,
    xruns: u64,
}

impl Pcm {
    /// Opens the PCM `name`, and asks for exactly this format, rate and number of channels.
    pub fn open(name: &str, direction: Direction, config: Config) -> PyResult<Self> {
        let c_name = CString::new(name)?;
        let (inner, period) = PCM::open(&c_name, direction, true)
            .and_then(|pcm| configure(&pcm, config).map(|period| (pcm, period)))
            .map_err(|error| Error::of_pcm(error, name))?;
        let period_size = period * config.frame_size();
        let pcm = Self { inner, name: name.to_owned(), direction, period, period_size, xruns: 0 };
        pcm.prepared()?;
        Ok(pcm)
    }

    /// Writes as many of these frames as fit, at most a period, and returns their number: zero if none did within
    /// [`TICK`].
    pub fn write(&mut self, frames: &[u8]) -> Result<usize> {
        let written = self.inner.io_bytes().writei(&frames[..frames.len().min(self.period_size)]);
        self.moved(written)
    }

    /// Reads as many frames as are there, at most a period, and returns their number: zero if none came within
    /// [`TICK`].
    pub fn read(&mut self, frames: &mut [u8]) -> Result<usize> {
        let size = frames.len().min(self.period_size);
        let read = self.inner.io_bytes().readi(&mut frames[..size]);
        self.moved(read)
    }

    /// Goes on playing what was written, for at most [`TICK`]; returns whether all of it has been played.
    ///
    /// Plugins that are made with alsa-lib's ioplug and have no drain of their own wait for the end in here: alsa-lib
    /// tells them of the non-blocking mode in `snd_pcm_nonblock` only, not when they are opened, and `alsa` lacks it.
    pub fn drain(&mut self) -> Result<bool> {
        match self.inner.drain() {
            Ok(()) => Ok(true),
            Err(error) if error.errno() == libc::EAGAIN => {
                thread::sleep(TICK / 10);
                Ok(false)
            }
            Err(error) => Err(self.error(error)),
        }
    }

    /// Frames in a period, as ALSA has it.
    pub fn period(&self) -> usize {
        self.period
    }

    /// Bytes in a period.
    pub fn period_size(&self) -> usize {
        self.period_size
    }

    /// How often it ran dry, or over, and was set going again.
    pub fn xruns(&self) -> u64 {
        self.xruns
    }

    /// The result of a transfer: frames; or none, after having waited or recovered.
    fn moved(&mut self, result: alsa::Result<usize>) -> Result<usize> {
        match result {
            Err(error) if error.errno() == libc::EAGAIN => {
                let waited = self.inner.wait(Some(TICK.as_millis() as u32)).map(|_| 0);
                waited.or_else(|error| self.recover(error))
            }
            result => result.or_else(|error| self.recover(error)),
        }
    }

    /// Sets the PCM going again after an under- or overrun (`EPIPE`), a suspended machine (`ESTRPIPE`) or a signal
    /// (`EINTR`). Returns any other error.
    fn recover(&mut self, error: alsa::Error) -> Result<usize> {
        self.inner.try_recover(error, true).map_err(|error| self.error(error))?;
        self.xruns += u64::from(error.errno() == libc::EPIPE);
        self.prepared()?;
        Ok(0)
    }

    /// Starts a prepared capture, for nothing else would; playback starts by itself once its buffer is full.
    fn prepared(&self) -> Result<()> {
        if self.direction == Direction::Capture && self.inner.state() == State::Prepared {
            self.inner.start().map_err(|error| self.error(error))?;
        }
        Ok(())
    }

    fn error(&self, error: alsa::Error) -> Error {
        Error::of_pcm(error, &self.name)
    }
}

/// Configures a PCM, and returns its period.
fn configure(pcm: &PCM, config: Config) -> alsa::Result<usize> {
    let hw = HwParams::any(pcm)?;
    hw.set_access(Access::RWInterleaved)?;
    hw.set_format(config.format.alsa())?;
    hw.set_channels(config.channels)?;
    hw.set_rate(config.rate, ValueOr::Nearest)?;
    let period = hw.set_period_size_near(config.period as Frames, ValueOr::Nearest)?;
    let buffer = hw.set_buffer_size_near(period * PERIODS)?;
    pcm.hw_params(&hw)?;

    let sw = pcm.sw_params_current()?;
    sw.set_start_threshold(buffer)?;
    sw.set_avail_min(period)?;
    pcm.sw_params(&sw)?;
    Ok(period as usize)
}
