//! Notifications, taken in by the main loop in the order in which they come.

pub(super) mod cancel_request;
pub(super) mod did_change;
pub(super) mod did_change_watched_files;
pub(super) mod did_close;
pub(super) mod did_open;
pub(super) mod did_save;
pub(super) mod initialized;
