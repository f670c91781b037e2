//! A second system library, for the builds that ask for it.

use pyo3::prelude::*;

#[cfg(feature = "dbus")]
unsafe extern "C" {
    // From dbus/dbus-misc.h; `libdbus-sys` links the library that has it, and does not declare it.
    fn dbus_get_version(major: *mut i32, minor: *mut i32, micro: *mut i32);
}

/// The version of the D-Bus library that is loaded, or None if this build has none.
#[pyfunction]
pub fn dbus_version() -> Option<(i32, i32, i32)> {
    #[cfg(feature = "dbus")]
    {
        use libdbus_sys as _;

        let (mut major, mut minor, mut micro) = (0, 0, 0);
        // SAFETY: the function only writes through the pointers, which are those of three live integers.
        unsafe { dbus_get_version(&raw mut major, &raw mut minor, &raw mut micro) };
        Some((major, minor, micro))
    }
    #[cfg(not(feature = "dbus"))]
    None
}
