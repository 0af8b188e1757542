//! GPMF, GPX, FIT and TCX tracks and HiLight tags.
