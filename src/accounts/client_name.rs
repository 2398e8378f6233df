//! What a browser or package client calls itself, in words.

/// The name of a client by its `User-Agent`: `Firefox 140 on Windows`, `NuGet Command Line 5.8.0`.
pub fn in_words(agent: &str) -> String {
    let after = |mark: &str| agent.split_once(mark).map(|(_, rest)| rest);
    if agent.starts_with("Mozilla/") {
        let browser = BROWSERS.iter().find_map(|(mark, name)| Some((*name, after(mark)?)));
        let system = SYSTEMS.iter().find(|(mark, _)| agent.contains(mark));
        let browser =
            browser.map_or("Browser".to_owned(), |(name, rest)| format!("{name} {}", until(rest, ['.', ' '])));
        return system.map_or(browser.clone(), |(_, name)| format!("{browser} on {name}"));
    }
    let product = until(agent, ['(', ';']).trim();
    match product.split_once('/') {
        Some((name, rest)) => format!("{name} {}", until(rest, [' ', '+'])).trim().to_owned(),
        None => product.to_owned(),
    }
}

fn until(text: &str, ends: [char; 2]) -> &str {
    text.split(ends).next().unwrap_or(text)
}

/// What tells browsers apart; those that also name another come first.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_have_short_names() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome 156 on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140 on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari 18 on macOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
                "Edge 143 on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0.7151.79 Mobile/15E148 Safari/604.1",
                "Chrome 143 on iPhone",
            ),
            ("Mozilla/5.0", "Browser"),
            ("NuGet Command Line/5.8.0 (Unix 5.10.0)", "NuGet Command Line 5.8.0"),
            ("npm/11.19.1 node/v20.20.2 linux x64 workspaces/false", "npm 11.19.1"),
            ("curl/8.5.0", "curl 8.5.0"),
            ("NuGet 6.8", "NuGet 6.8"),
            ("", ""),
        ] {
            assert_eq!(in_words(agent), name);
        }
    }
}
