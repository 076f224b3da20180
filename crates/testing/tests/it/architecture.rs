//! Every file and folder that the architecture page names by its whole path exists, and every crate is on the page's list of floors.

use std::path::Path;

/// Folders below `crates/` that hold crates, as the page's table of tests writes paths.
const FLOORS: [&str; 5] = ["app/", "desk/", "intel/", "chain/", "platform/"];

fn page() -> (std::path::PathBuf, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap();
    (root, page)
}

#[test]
fn every_path_of_the_architecture_page_exists() {
    let (root, page) = page();
    let mut count = 0;
    let mut missing = Vec::new();
    for (number, line) in page.lines().enumerate() {
        // What stands between backticks.
        for text in line.split('`').skip(1).step_by(2) {
            let path = if text.starts_with("crates/") || text.starts_with("docs/") || text.starts_with("data/") {
                root.join(text)
            } else if FLOORS.iter().any(|floor| text.starts_with(floor)) {
                root.join("crates").join(text)
            } else {
                continue;
            };
            count += 1;
            if !path.exists() {
                missing.push(format!("line {}: {text}", number + 1));
            }
        }
    }
    assert!(count > 150, "{count} paths were found");
    assert!(missing.is_empty(), "docs/architecture.md names what does not exist:\n{}", missing.join("\n"));
}

#[test]
fn every_crate_is_on_its_floor() {
    let (root, page) = page();
    let floors = page.split("```").nth(3).unwrap();
    for floor in FLOORS.map(|floor| floor.trim_end_matches('/')) {
        let after = |line: &str| line.split_whitespace().skip_while(|word| *word != floor).map(str::to_owned).collect();
        let listed: Vec<String> = floors.lines().flat_map(|line| -> Vec<String> { after(line) }).collect();
        for folder in std::fs::read_dir(root.join("crates").join(floor)).unwrap().map(Result::unwrap) {
            let name = folder.file_name().into_string().unwrap();
            assert!(listed.contains(&name), "the page's floors do not list crates/{floor}/{name}");
        }
    }
}
