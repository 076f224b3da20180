/// Logical names of assets that Rust uses. The build fails if the bundle lacks one of them or has another.
pub const NAMES: &[&str] = &[
    "charts.css",
    "charts.js",
    "explorer-worker.js",
    "explorer.css",
    "explorer.js",
    "fonts.css",
    "icons.svg",
    "shell.js",
    "theme.js",
    "tokens.css",
    "workbench.css",
    "workbench.js",
];
