//! What there is: the library, its cards, its PCMs.

use std::ffi::CStr;

use alsa::Direction;
use alsa::device_name::HintIter;
use pyo3::prelude::*;

use crate::error::Result;

/// The version of the ALSA library that is loaded, for example "1.2.14".
#[pyfunction]
pub fn alsa_version() -> String {
    // SAFETY: the function takes nothing and returns a static string.
    unsafe { CStr::from_ptr(alsa_sys::snd_asoundlib_version()) }.to_string_lossy().into_owned()
}

/// A sound card.
#[pyclass(frozen, eq, hash, get_all, module = "alsastream")]
#[derive(PartialEq, Hash)]
pub struct Card {
    /// Its number, as in `hw:0`.
    index: i32,
    /// Its name, for example "HDA Intel PCH".
    name: String,
    /// Its name with the place where it is plugged in.
    long_name: String,
}

#[pymethods]
impl Card {
    fn __repr__(&self) -> String {
        format!("<Card {}: {}>", self.index, self.name)
    }
}

/// The sound cards of this machine.
#[pyfunction]
pub fn cards() -> Result<Vec<Card>> {
    alsa::card::Iter::new()
        .map(|card| {
            let card = card?;
            Ok(Card { index: card.get_index(), name: card.get_name()?, long_name: card.get_longname()? })
        })
        .collect()
}

/// A PCM that ALSA's configuration names.
#[pyclass(frozen, eq, hash, get_all, module = "alsastream")]
#[derive(PartialEq, Hash)]
pub struct PcmName {
    /// What `play` and `record` take as `pcm`.
    name: String,
    /// What the configuration says about it; may have several lines.
    description: String,
    /// Whether it can play.
    playback: bool,
    /// Whether it can record.
    capture: bool,
}

#[pymethods]
impl PcmName {
    fn __repr__(&self) -> String {
        format!("<PcmName {}>", self.name)
    }
}

/// The PCMs that ALSA's configuration names. It can also open others, such as `file:x.wav,wav`.
#[pyfunction]
pub fn pcm_names() -> Result<Vec<PcmName>> {
    Ok(HintIter::new(None, c"pcm")?
        .filter_map(|hint| {
            Some(PcmName {
                name: hint.name?,
                description: hint.desc.unwrap_or_default(),
                playback: hint.direction != Some(Direction::Capture),
                capture: hint.direction != Some(Direction::Playback),
            })
        })
        .collect())
}
