//! Both databases find the same packages in the same order, over thousands of descriptions that a test makes; and each key
//! those that the decision gives it.

use latchkey::{
    packages::{
        PackageSearch, SearchScope, Shows,
        manifest::Manifest,
        nuget::{files::package_file, nuspec::Nuspec},
        search::{MOST_COUNTED, NameRanges, SearchQuery},
    },
    tokens::{FeedId, Kind, PackageKey, Patterns, VersionKey},
};

use crate::support::{
    database::Engine,
    world::{World, on_both_engines, walk},
};

/// Packages of the corpus.
const COUNT: usize = 2_200;

const PARTS: [&str; 24] = [
    "Contoso",
    "Fabrikam",
    "EntityFramework",
    "Json",
    "JSONReader",
    "Http2",
    "IO",
    "Redis",
    "Core",
    "Extensions",
    "Logging",
    "Abstractions",
    "Grpc",
    "x64",
    "Yaml",
    "SqlClient",
    "Web",
    "Api",
    "Caching",
    "Net",
    "Azure",
    "UI",
    "Tools",
    "Mail",
];
const WORDS: [&str; 30] = [
    "reads",
    "JSON",
    "C#",
    "C++",
    ".NET",
    "ASP.NET",
    "F#",
    "高速なJSON解析",
    "日本語",
    "데이터",
    "crème",
    "brûlée",
    "naïve",
    "Łódź",
    "ΣΑΣ",
    "σας",
    "Straße",
    "don't",
    "100%",
    "snake_case",
    "kebab-case",
    "System.Text.Json",
    "HTTP/2",
    "v3.1",
    "🦀",
    "library",
    "services",
    "O'Reilly",
    "back\\slash",
    "@team/ui",
];

/// A package as it is searched for, judged by its own texts.
struct Judged {
    name: String,
    name_words: Vec<String>,
    marks: Vec<String>,
    all: Vec<String>,
    downloads: i64,
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

fn nuspec(numbers: &mut Numbers, at: usize) -> Nuspec {
    let mut id = match at {
        0 => "A".repeat(100),
        1 => "Json".to_owned(),
        _ => format!("{}.{}", numbers.pick(&PARTS), numbers.pick(&PARTS)),
    };
    if at > 1 {
        id = format!("{id}{}{at}", [".N", "_", "-v", ".X"][numbers.below(4)]);
    }
    let words: Vec<_> = (0..1 + numbers.below(24)).map(|_| numbers.pick(&WORDS)).collect();
    // Found nearly everywhere.
    let common = if numbers.below(10) < 8 { " modern applications" } else { "" };
    let title =
        if numbers.below(3) == 0 { format!("<title>{} kit</title>", numbers.pick(&WORDS)) } else { String::new() };
    let xml = format!(
        "<package><metadata><id>{id}</id><version>1.0.0</version><authors>{}</authors><description>{}{common}</description>
         <tags>{} {}</tags>{title}</metadata></package>",
        numbers.pick(&["Ada Lovelace", "Bo", "Contoso Ltd."]),
        words.join(" "),
        numbers.pick(&["web", "json", "data", "c#"]),
        numbers.pick(&WORDS),
    );
    Nuspec::parse(xml.as_bytes()).unwrap()
}

fn split(field: &str) -> Vec<String> {
    field.split(' ').filter(|word| !word.is_empty() && *word != "|").map(str::to_owned).collect()
}

/// Fills the feed past the doors, the same in every world, and indexes it.
async fn fill(world: &World) -> (FeedId, Vec<Judged>) {
    let feed = world.store().feed("main", None).await.unwrap().unwrap().feed.id;
    let (mut numbers, mut judged, mut sql) = (Numbers(7), Vec::new(), String::new());
    for at in 0..COUNT {
        let nuspec = nuspec(&mut numbers, at);
        let text = latchkey::packages::search::SearchText::of(nuspec.id.as_str(), Some(&nuspec));
        let marks = [text.name.clone(), text.title.clone(), text.tags.clone()].concat();
        let all = [marks.clone(), text.authors.clone(), text.description.clone()].concat();
        let downloads = (numbers.below(50) * numbers.below(50)) as i64;
        let manifest = nuspec.kept().unwrap().as_str().replace('\'', "''");
        let (name, key) = (nuspec.id.as_str(), nuspec.id.key());
        let sort_key = hex::encode(nuspec.version.number().sort_key);
        let bytes =
            if world.database.engine == Engine::Sqlite { format!("X'{sort_key}'") } else { format!("'\\x{sort_key}'") };
        let package = PackageKey::from(uuid::Uuid::from_u128(at as u128 + 1));
        let version = VersionKey::from(uuid::Uuid::from_u128(at as u128 + 1));
        let blob = package_file(version.uuid()).as_str().to_owned();
        sql += &format!(
            "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions,
                listed_plain_versions, listed_stable_plain_versions, downloads, created_at, newest)
             VALUES ('{package}', '{feed}', 'nuget', '{name}', '{key}', '', 1, 1, 1, 1, {downloads}, 0, '1.0.0');
             INSERT INTO versions (id, package, version, version_key, sort_key, published_at, published_by, size, sha512, blob, manifest, downloads)
             VALUES ('{version}', '{package}', '1.0.0', '1.0.0', {bytes}, 0, '', 1, '', '{blob}', '{manifest}', 0);"
        );
        judged.push(Judged {
            name: key,
            name_words: split(&text.name),
            marks: split(&marks),
            all: split(&all),
            downloads,
        });
    }
    world.sql(&sql).await;
    world.index_packages().await;
    (feed, judged)
}

/// How well a package fits, as the design says it; none if it is not found.
fn rank(package: &Judged, query: &SearchQuery) -> Option<u8> {
    let begin =
        |words: &[String]| query.words.iter().all(|word| words.iter().any(|own| own.starts_with(word.as_str())));
    if !begin(&package.all) {
        return None;
    }
    Some(match () {
        () if !query.name.is_empty() && package.name == query.name => 0,
        () if !query.name.is_empty() && package.name.starts_with(&query.name) => 1,
        () if begin(&package.name_words) => 2,
        () if begin(&package.marks) => 3,
        () => 4,
    })
}

fn expected(judged: &[Judged], query: &SearchQuery, covers: impl Fn(&str) -> bool) -> Vec<String> {
    let ranked = judged.iter().filter(|package| covers(&package.name));
    let mut found: Vec<_> =
        ranked.filter_map(|package| Some((rank(package, query)?, -package.downloads, &package.name))).collect();
    found.sort();
    found.into_iter().map(|(_, _, name)| name.clone()).collect()
}

fn search<'a>(
    feed: FeedId,
    query: &'a SearchQuery,
    names: &'a NameRanges,
    (skip, take): (usize, usize),
) -> PackageSearch<'a> {
    PackageSearch {
        scope: SearchScope::Feed(feed),
        feed: None,
        kind: Some(Kind::NuGet),
        query,
        completes: false,
        version_key: "",
        owner: "",
        shows: Shows::Stable,
        package_type: "",
        deprecated: None,
        names,
        skip,
        take,
    }
}

async fn found(world: &World, search: &PackageSearch<'_>) -> (usize, Vec<String>) {
    let result = world.store().search(search).await.unwrap();
    (result.total, result.hits.into_iter().map(|hit| hit.package.name.to_ascii_lowercase()).collect())
}

/// Words, pairs of them, and beginnings.
fn questions(judged: &[Judged]) -> Vec<String> {
    let mut numbers = Numbers(11);
    let mut questions: Vec<String> =
        ["", "json", "c#", "c++", ".net", "解析", "日本", "모두", "crem", "σα", "modern app", "con", "contoso.co"]
            .map(str::to_owned)
            .into();
    for _ in 0..60 {
        let (one, other) = (&judged[numbers.below(COUNT)], &judged[numbers.below(COUNT)]);
        let word = &one.all[numbers.below(one.all.len())];
        let end = word.char_indices().map(|(at, c)| at + c.len_utf8()).nth(numbers.below(6)).unwrap_or(word.len());
        questions.push(word[..end].to_owned());
        questions.push(format!("{word} {}", other.all[numbers.below(other.all.len())]));
    }
    questions
}

on_both_engines! {
    World::published =>
    searches_find_what_begins_with_every_word_the_best_first,
    each_key_finds_what_the_decision_gives_it,
    every_word_of_a_name_and_every_beginning_of_two_letters_finds_it,
}

async fn searches_find_what_begins_with_every_word_the_best_first(world: &World) {
    let (feed, judged) = fill(world).await;
    let all = NameRanges::all();
    for question in questions(&judged) {
        let query = SearchQuery::parse(&question);
        // Characters that stand alone stand together there, which the judge here does not know.
        if !query.checks.is_empty() {
            continue;
        }
        let expected = expected(&judged, &query, |_| true);
        let (total, first) = found(world, &search(feed, &query, &all, (0, 30))).await;
        assert_eq!(total, expected.len().min(MOST_COUNTED + 1), "{question}");
        assert_eq!(first, expected[..expected.len().min(30)], "{question}");
        let (_, later) = found(world, &search(feed, &query, &all, (25, 1_500))).await;
        assert_eq!(later, expected[expected.len().min(25)..expected.len().min(1_525)], "{question}");
    }
}

async fn each_key_finds_what_the_decision_gives_it(world: &World) {
    let (_, judged) = fill(world).await;
    let ada = world.account("ada").await;
    let hundred: Vec<String> = (0..100).map(|n| format!("*{n}")).collect();
    let many: Vec<String> = judged.iter().step_by(30).map(|package| package.name.clone()).take(70).collect();
    for patterns in
        ["*", "Contoso.*", "*.Core*", "json", "Con*\nFab*\n*Web*", &hundred.join("\n"), &many.join("\n"), "Nothing.*"]
    {
        let key = world.key(ada, "nuget:pull", &patterns.replace('\n', " ")).await;
        let patterns = Patterns::parse(patterns).unwrap();
        for question in ["", "json", "modern", "web core", "co", "library services"] {
            let query = SearchQuery::parse(question);
            let expected = expected(&judged, &query, |name| patterns.covers(name));
            let path = format!("/v3/query?q={}&take=100", question.replace(' ', "%20"));
            let told = world.get(&path, &key).await.json();
            let ids: Vec<_> = told["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hit| hit["id"].as_str().unwrap().to_ascii_lowercase())
                .collect();
            assert_eq!(ids, expected[..expected.len().min(100)], "{question} for {}", patterns.as_str());
            let total = told["totalHits"].as_u64().unwrap() as usize;
            // Beyond that it may count on, or stop at once.
            let is_beyond = total > MOST_COUNTED && expected.len() > MOST_COUNTED && total <= expected.len();
            assert!(total == expected.len() || is_beyond, "{question} for {}: {total}", patterns.as_str());
            let begun = format!("/v3/autocomplete?q={}&take=1000", question.replace(' ', "%20"));
            let begun = world.get(&begun, &key).await.json();
            let mut names: Vec<_> =
                begun["data"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_ascii_lowercase()).collect();
            names.sort();
            let starting = judged.iter().map(|package| package.name.clone());
            let mut starting: Vec<_> =
                starting.filter(|name| name.starts_with(question) && patterns.covers(name)).collect();
            starting.sort();
            let some = starting.len() > 1_000;
            assert!(some || names == starting, "{question} for {}: {names:?}", patterns.as_str());
            assert!(names.iter().all(|name| starting.contains(name)), "{question} for {}", patterns.as_str());
        }
    }
}

async fn every_word_of_a_name_and_every_beginning_of_two_letters_finds_it(world: &World) {
    let (feed, judged) = fill(world).await;
    let mut numbers = Numbers(3);
    for _ in 0..150 {
        let package = &judged[numbers.below(COUNT)];
        let word = &package.name_words[numbers.below(package.name_words.len())];
        let letters = 2.min(word.len()).max(numbers.below(word.len() + 1));
        let begun = &word[..letters];
        let query = SearchQuery::parse(&format!("{begun} packageid:{}", package.name));
        let (total, names) = found(world, &search(feed, &query, &NameRanges::all(), (0, 5))).await;
        assert_eq!((total, names), (1, vec![package.name.clone()]), "{begun}");
    }
}

#[actix_web::test]
async fn both_databases_tell_the_same_of_words_without_blanks() {
    let mut told = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        walk(World::published(engine), async |world| {
            let (feed, judged) = fill(world).await;
            let mut all = Vec::new();
            for question in
                questions(&judged).iter().chain(&["\"json 解\"".to_owned(), "tags:json author:ada".to_owned()])
            {
                let query = SearchQuery::parse(question);
                all.push((question.clone(), found(world, &search(feed, &query, &NameRanges::all(), (0, 100))).await));
            }
            told.push(all);
        })
        .await;
    }
    assert!(told[0].iter().any(|(question, (total, _))| question.contains('解') && *total > 0));
    assert_eq!(told[0], told[1]);
}
