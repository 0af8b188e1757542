//! Plots as SVG text and PNG pictures.
