//! Quality gates, history, regression and benchmark reports.
