//! Streams: a thread of Rust's that moves samples, and a Python callback that makes or takes them.
//!
//! The thread owns the PCM and a reference to the callback: both are `Send + 'static`, which is all that a thread asks
//! for. It is attached to the interpreter, with one thread state for all its life, and detaches for everything that it
//! does with ALSA. A [`Shared`] is what it has in common with the Python object.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use alsa::Direction;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use pyo3::{PyTraverseError, PyVisit};

use crate::pcm::{Config, Pcm, TICK};

/// A stream of samples between a PCM and a callback: what Playback and Capture have in common.
#[pyclass(frozen, subclass, module = "alsastream")]
pub struct Stream {
    pcm: String,
    direction: Direction,
    config: Config,
    callback: Py<PyAny>,
    shared: Arc<Shared>,
}

impl Stream {
    fn new(pcm: String, direction: Direction, config: Config, callback: Py<PyAny>) -> Self {
        Self { pcm, direction, config, callback, shared: Arc::default() }
    }

    /// Opens the PCM and starts the thread.
    fn spawn(&self, callback: Py<PyAny>) -> PyResult<()> {
        let pcm = Pcm::open(&self.pcm, self.direction, self.config)?;
        let shared = Arc::clone(&self.shared);
        let job = Job { pcm, direction: self.direction, config: self.config, callback, shared };
        // Locked, for the thread must not finish before it is known to run.
        let mut phase = self.shared.lock();
        let thread = thread::Builder::new().name("alsastream".into()).spawn(|| job.run())?;
        *phase = Phase::Running { process: process::id(), thread: thread.thread().id() };
        Ok(())
    }
}

#[pymethods]
impl Stream {
    /// Opens the PCM and starts the thread that calls the callback.
    ///
    /// Raises AlsaError if the PCM cannot be opened, and RuntimeError if the stream was started before or if the
    /// interpreter exits.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        self.shared.claim()?;
        let callback = self.callback.clone_ref(py);
        py.detach(|| self.spawn(callback)).inspect_err(|_| self.shared.renounce())
    }

    /// Asks the thread to end: it calls back no more, and plays what it has.
    ///
    /// Returns at once, and may be called by the callback.
    fn stop(&self) {
        self.shared.end(STOP);
    }

    /// Waits for the thread to end, for at most `timeout` seconds; returns whether it has.
    ///
    /// Raises what ended it: the callback's exception, or AlsaError. Raises it once.
    #[pyo3(signature = (timeout=None))]
    fn join(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = timeout
            .map(Duration::try_from_secs_f64)
            .transpose()
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        self.shared.lock().check_joinable()?;
        let ended = self.shared.wait(py, timeout.and_then(|timeout| Instant::now().checked_add(timeout)))?;
        // What another thread was starting may have failed to start.
        self.shared.lock().check_joinable()?;
        self.shared.take_error().map_or(Ok(ended), Err)
    }

    /// Whether the thread runs.
    #[getter]
    fn active(&self) -> bool {
        matches!(*self.shared.lock(), Phase::Running { .. })
    }

    /// How many frames have been played or recorded.
    #[getter]
    fn frames(&self) -> u64 {
        self.shared.frames.load(Ordering::Relaxed)
    }

    /// How often the callback came too late, so that the PCM ran dry or over and had to be set going again.
    #[getter]
    fn xruns(&self) -> u64 {
        self.shared.xruns.load(Ordering::Relaxed)
    }

    fn __enter__<'py>(slf: Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        slf.get().start(slf.py())?;
        Ok(slf)
    }

    /// Stops and joins; after an exception, without playing what is left.
    fn __exit__(
        &self,
        py: Python<'_>,
        exc_type: &Bound<'_, PyAny>,
        _exc: &Bound<'_, PyAny>,
        _traceback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        self.shared.end(if exc_type.is_none() { STOP } else { ABORT });
        self.join(py, None).map(drop)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.callback)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.end(ABORT);
        self.shared.report_unheard();
    }
}

/// Plays what a callback returns.
///
/// The callback gets the number of frames that are wanted and returns that many, or fewer or more, in any buffer that
/// `play` takes; an empty one ends the stream. `wave.Wave_read.readframes` is such a callback. The other arguments are
/// those of `play`.
#[pyclass(frozen, extends = Stream, module = "alsastream")]
pub struct Playback;

#[pymethods]
impl Playback {
    #[new]
    #[pyo3(signature = (callback, *, pcm="default", format="i16", rate=48_000, channels=2, period=1024))]
    fn new(
        callback: Py<PyAny>,
        pcm: &str,
        format: &str,
        rate: u32,
        channels: u32,
        period: u32,
    ) -> PyResult<PyClassInitializer<Self>> {
        let config = Config { format: format.parse()?, rate, channels, period };
        let stream = Stream::new(pcm.to_owned(), Direction::Playback, config, callback);
        Ok(PyClassInitializer::from(stream).add_subclass(Self))
    }
}

/// Gives a callback what it records.
///
/// The callback gets one period of interleaved samples at a time, as bytes; `wave.Wave_write.writeframes` is such a
/// callback. The last block may be shorter. The other arguments are those of `record`.
#[pyclass(frozen, extends = Stream, module = "alsastream")]
pub struct Capture;

#[pymethods]
impl Capture {
    #[new]
    #[pyo3(signature = (callback, *, pcm="default", format="i16", rate=48_000, channels=2, period=1024))]
    fn new(
        callback: Py<PyAny>,
        pcm: &str,
        format: &str,
        rate: u32,
        channels: u32,
        period: u32,
    ) -> PyResult<PyClassInitializer<Self>> {
        let config = Config { format: format.parse()?, rate, channels, period };
        let stream = Stream::new(pcm.to_owned(), Direction::Capture, config, callback);
        Ok(PyClassInitializer::from(stream).add_subclass(Self))
    }
}

/// Everything that the audio thread owns.
struct Job {
    pcm: Pcm,
    direction: Direction,
    config: Config,
    callback: Py<PyAny>,
    shared: Arc<Shared>,
}

impl Job {
    /// The thread's whole life.
    fn run(self) {
        let shared = Arc::clone(&self.shared);
        let outcome = catch_unwind(AssertUnwindSafe(|| Python::try_attach(|py| self.attached(py))));
        shared.finish(match outcome {
            Ok(Some(outcome)) => outcome.err(),
            // There is no interpreter any more that could be told.
            Ok(None) => None,
            Err(_) => Some(PanicException::new_err("the audio thread panicked")),
        });
    }

    fn attached(mut self, py: Python<'_>) -> PyResult<()> {
        let outcome = match self.direction {
            Direction::Playback => self.play(py),
            Direction::Capture => self.capture(py),
        };
        // Closed before anybody hears of the end: only then is a file that ALSA writes complete.
        py.detach(|| drop(self.pcm));
        outcome
    }

    fn play(&mut self, py: Python<'_>) -> PyResult<()> {
        while self.shared.goes_on(STOP) {
            let block = self.callback.bind(py).call1((self.pcm.period(),))?;
            let block = self.config.frames(&block)?;
            if block.is_empty() {
                break;
            }
            let mut rest = &block[..];
            while !rest.is_empty() && self.shared.goes_on(ABORT) {
                let frames = py.detach(|| self.pcm.write(rest))?;
                rest = &rest[frames * self.config.frame_size()..];
                self.shared.count(frames, &self.pcm);
            }
        }
        while self.shared.goes_on(ABORT) && !py.detach(|| self.pcm.drain())? {}
        Ok(())
    }

    fn capture(&mut self, py: Python<'_>) -> PyResult<()> {
        let mut block = vec![0; self.pcm.period_size()];
        while self.shared.goes_on(STOP) {
            let mut filled = 0;
            while filled < block.len() && self.shared.goes_on(STOP) {
                let frames = py.detach(|| self.pcm.read(&mut block[filled..]))?;
                filled += frames * self.config.frame_size();
                self.shared.count(frames, &self.pcm);
            }
            if filled > 0 && self.shared.goes_on(ABORT) {
                self.callback.bind(py).call1((PyBytes::new(py, &block[..filled]),))?;
            }
        }
        Ok(())
    }
}

/// A wish for the stream to end with what it has been given; see [`Shared::end`].
const STOP: u8 = 1;
/// A wish for it to end now.
const ABORT: u8 = 2;

/// Where a stream is in its life.
#[derive(Default)]
enum Phase {
    #[default]
    New,
    /// One caller opens the PCM. No other may: to open a file that is being played to would empty it.
    Starting {
        process: u32,
    },
    Running {
        process: u32,
        thread: ThreadId,
    },
    /// With the error that nobody has heard of yet.
    Finished(Option<PyErr>),
}

impl Phase {
    fn check_new(&self) -> PyResult<()> {
        match self {
            Self::New => Ok(()),
            _ => Err(PyRuntimeError::new_err("a stream can be started only once")),
        }
    }

    fn check_joinable(&self) -> PyResult<()> {
        match self {
            Self::New => Err(PyRuntimeError::new_err("the stream has not been started")),
            Self::Running { thread, .. } if *thread == thread::current().id() => {
                Err(PyRuntimeError::new_err("the callback cannot wait for the thread that it runs on"))
            }
            Self::Starting { process } | Self::Running { process, .. } if *process != process::id() => {
                Err(PyRuntimeError::new_err("the stream runs in the process that this one was forked from"))
            }
            _ => Ok(()),
        }
    }

    /// Whether there is an end to wait for.
    fn is_open(&self) -> bool {
        matches!(self, Self::Starting { .. } | Self::Running { .. })
    }
}

/// What the audio thread and the Python object have in common.
///
/// Nothing attaches, or runs Python code, while it holds the lock; so it may be taken by those who are attached.
#[derive(Default)]
struct Shared {
    phase: Mutex<Phase>,
    finished: Condvar,
    ending: AtomicU8,
    frames: AtomicU64,
    xruns: AtomicU64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the caller, and nobody else, start the stream.
    fn claim(self: &Arc<Self>) -> PyResult<()> {
        let mut phase = self.lock();
        phase.check_new()?;
        register(self)?;
        *phase = Phase::Starting { process: process::id() };
        Ok(())
    }

    /// Takes a claim back.
    fn renounce(&self) {
        *self.lock() = Phase::New;
        self.finished.notify_all();
    }

    /// Asks the audio thread to end. The stronger of two wishes holds.
    fn end(&self, wish: u8) {
        self.ending.fetch_max(wish, Ordering::Relaxed);
    }

    /// Whether nobody has wished for this end, or a sooner one.
    fn goes_on(&self, wish: u8) -> bool {
        self.ending.load(Ordering::Relaxed) < wish
    }

    fn count(&self, frames: usize, pcm: &Pcm) {
        self.frames.fetch_add(frames as u64, Ordering::Relaxed);
        self.xruns.store(pcm.xruns(), Ordering::Relaxed);
    }

    fn finish(&self, error: Option<PyErr>) {
        *self.lock() = Phase::Finished(error);
        self.finished.notify_all();
    }

    /// Waits for the end of the audio thread; returns whether it came before the deadline.
    fn wait(&self, py: Python<'_>, deadline: Option<Instant>) -> PyResult<bool> {
        loop {
            let left = deadline.map_or(TICK, |deadline| deadline.saturating_duration_since(Instant::now()));
            let running = py.detach(|| {
                let waited = self.finished.wait_timeout_while(self.lock(), left.min(TICK), |phase| phase.is_open());
                waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
            });
            if !running || left.is_zero() {
                return Ok(!running);
            }
            py.check_signals()?;
        }
    }

    fn take_error(&self) -> Option<PyErr> {
        match &mut *self.lock() {
            Phase::Finished(error) => error.take(),
            _ => None,
        }
    }

    /// Tells `sys.unraisablehook` of an error that nobody will ask for.
    fn report(&self, py: Python<'_>) {
        if let Some(error) = self.take_error() {
            error.write_unraisable(py, Some(PyString::new(py, "the audio thread of a stream").as_any()));
        }
    }

    /// Does so on a thread that need not be attached.
    fn report_unheard(&self) {
        if matches!(*self.lock(), Phase::Finished(Some(_))) {
            Python::try_attach(|py| self.report(py));
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.report_unheard();
    }
}

/// Streams, with the process that started each.
type Started = Vec<(u32, Weak<Shared>)>;

/// The streams that were started; none is any more once the interpreter exits, since nobody would end it.
static STARTED: Mutex<Option<Started>> = Mutex::new(Some(Vec::new()));

fn started() -> MutexGuard<'static, Option<Started>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers a stream before it starts.
fn register(shared: &Arc<Shared>) -> PyResult<()> {
    let mut started = started();
    let started =
        started.as_mut().ok_or_else(|| PyRuntimeError::new_err("no stream starts any more: the interpreter exits"))?;
    started.retain(|(_, other)| other.strong_count() > 0 && other.as_ptr() != Arc::as_ptr(shared));
    started.push((process::id(), Arc::downgrade(shared)));
    Ok(())
}

/// Ends all streams, before the interpreter goes away under their callbacks. Runs `atexit`.
#[pyfunction]
fn end_streams(py: Python<'_>) -> PyResult<()> {
    let started = started().take().unwrap_or_default();
    let own = started.iter().filter(|(process, _)| *process == process::id());
    let streams: Vec<_> = own.filter_map(|(_, shared)| shared.upgrade()).collect();
    streams.iter().for_each(|shared| shared.end(ABORT));
    for shared in streams {
        shared.wait(py, None)?;
        shared.report(py);
    }
    Ok(())
}

/// Sees to it that the streams end before the interpreter does.
pub fn end_streams_at_exit(py: Python<'_>) -> PyResult<()> {
    let end_streams = wrap_pyfunction!(end_streams, py)?;
    py.import("atexit")?.call_method1("register", (end_streams,))?;
    Ok(())
}
