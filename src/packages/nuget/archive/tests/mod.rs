//! The archive reader against archives that are honest, and against archives that are not.

mod accepted;
mod hostile;
mod misleading;
mod shapes;
mod zip;
