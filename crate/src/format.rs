//! Samples in Python's hands.

use std::str::FromStr;

use alsa::pcm::Format;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyMemoryView;

/// How one sample is stored, in the machine's byte order.
#[derive(Clone, Copy)]
pub enum SampleFormat {
    /// Signed 16-bit integers.
    I16,
    /// 32-bit floats from -1 to 1.
    F32,
}

impl SampleFormat {
    /// ALSA's name for it.
    pub fn alsa(self) -> Format {
        match self {
            Self::I16 => Format::s16(),
            Self::F32 => Format::float(),
        }
    }

    /// Bytes per sample.
    pub fn size(self) -> usize {
        match self {
            Self::I16 => size_of::<i16>(),
            Self::F32 => size_of::<f32>(),
        }
    }

    /// Its code in Python's `struct` and `array` modules.
    fn code(self) -> &'static str {
        match self {
            Self::I16 => "h",
            Self::F32 => "f",
        }
    }

    /// The bytes of a buffer that holds numbers of this format, or bytes which stand for them.
    ///
    /// They are copied, since nothing keeps another thread from changing the buffer while ALSA reads it. They go through
    /// a `memoryview` because the stable ABI has the buffer protocol itself from Python 3.11 on only.
    pub fn bytes(self, buffer: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
        let view = PyMemoryView::from(buffer)?;
        let code: String = view.getattr("format")?.extract()?;
        let native = if cfg!(target_endian = "little") { '<' } else { '>' };
        let code = code.trim_start_matches(['@', '=', native]);
        if !["B", "b", "c", self.code()].contains(&code) {
            return Err(PyTypeError::new_err(format!(
                "samples must be bytes or numbers of type '{}', not of type '{code}'",
                self.code()
            )));
        }
        Ok(view.call_method0("tobytes")?.extract()?)
    }
}

impl FromStr for SampleFormat {
    type Err = PyErr;

    fn from_str(name: &str) -> PyResult<Self> {
        match name {
            "i16" => Ok(Self::I16),
            "f32" => Ok(Self::F32),
            _ => Err(PyValueError::new_err(format!("format must be 'i16' or 'f32', not '{name}'"))),
        }
    }
}
