//! CSV dialects, JSON, npz and atomic files: everything mtbsync reads from and writes to the disk.
