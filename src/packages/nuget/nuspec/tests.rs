//! Nuspec files that people write, and nuspec files that are meant to harm.

use super::*;
use crate::packages::nuget::range::{BadRange, VersionRange};

fn around(metadata: &str) -> String {
    format!("<package><metadata><id>A</id><version>1.0</version>{metadata}</metadata></package>")
}

fn read(metadata: &str) -> Nuspec {
    Nuspec::parse(around(metadata).as_bytes()).unwrap()
}

fn refusal(metadata: &str) -> Option<BadNuspec> {
    Nuspec::parse(around(metadata).as_bytes()).err()
}

fn utf16(text: &str, mark: [u8; 2], write: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.into_iter().chain(text.encode_utf16().flat_map(write)).collect()
}

#[test]
fn everything_that_is_shown_is_read() {
    let nuspec = Nuspec::parse(
        br#"<?xml version="1.0" encoding="utf-8"?>
        <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
          <metadata minClientVersion="2.12">
            <id> Contoso.Core </id><version>1.02.3-Beta.1+abc</version><title>Core &amp; more</title>
            <authors>ada, bo</authors><owners>ignored</owners>
            <requireLicenseAcceptance>true</requireLicenseAcceptance>
            <license type="expression">MIT OR Apache-2.0</license><licenseUrl>https://licenses.nuget.org/MIT</licenseUrl>
            <icon>images\icon.png</icon><readme>README.md</readme><projectUrl>HTTP://example.com/a b</projectUrl>
            <description>one
two &#x1F600; <![CDATA[<b>]]></description><summary>short</summary><releaseNotes>new</releaseNotes>
            <tags>json, fast  ;small</tags>
            <packageTypes><packageType name="DotnetTool" version="1.0"/></packageTypes>
            <iconUrl>https://example.com/i.png</iconUrl><copyright>(c) ada</copyright><language>en-US</language>
            <dependencies>
              <group targetFramework="net8.0">
                <dependency id="B" version="[1.0, 2.0)" include="Compile" exclude="Build,Analyzers"/>
                <dependency id="C"/>
              </group>
              <group/>
            </dependencies>
            <repository type="git" url="https://example.com/r" branch="main" commit="abc"><unknown/></repository>
          </metadata>
        </package>"#,
    )
    .unwrap();
    assert_eq!((nuspec.id.as_str(), nuspec.version.to_string().as_str()), ("Contoso.Core", "1.2.3-Beta.1+abc"));
    assert_eq!(nuspec.title.as_deref(), Some("Core & more"));
    assert_eq!(nuspec.description, "one\ntwo \u{1f600} <b>");
    assert_eq!(nuspec.tags, ["json", "fast", "small"]);
    assert_eq!(nuspec.project_url.as_deref(), Some("http://example.com/a%20b"));
    assert_eq!(nuspec.license, Some(License::Expression("MIT OR Apache-2.0".into())));
    assert_eq!((nuspec.icon.as_deref(), nuspec.readme.as_deref()), (Some("images/icon.png"), Some("README.md")));
    assert_eq!(nuspec.min_client_version.as_ref().map(Version::normalized).as_deref(), Some("2.12.0"));
    let tool = PackageType { name: "DotnetTool".into(), version: Some("1.0".into()) };
    assert_eq!((nuspec.require_license_acceptance, nuspec.package_types.as_slice()), (true, &[tool][..]));
    assert_eq!(nuspec.icon_url.as_deref(), Some("https://example.com/i.png"));
    assert_eq!((nuspec.copyright.as_deref(), nuspec.language.as_deref()), (Some("(c) ada"), Some("en-US")));
    let repository = nuspec.repository.as_ref().unwrap();
    assert_eq!((repository.kind.as_deref(), repository.url.as_deref()), (Some("git"), Some("https://example.com/r")));
    assert_eq!((repository.branch.as_deref(), repository.commit.as_deref()), (Some("main"), Some("abc")));
    assert_eq!(nuspec.dependency_groups.len(), 2);
    assert_eq!(
        nuspec.dependency_groups[0].dependencies[0].range.as_ref().map(VersionRange::as_str),
        Some("[1.0, 2.0)")
    );
    assert_eq!(nuspec.dependency_groups[0].dependencies[0].exclude.as_deref(), Some("Build,Analyzers"));
    let stored = serde_json::to_string(&nuspec).unwrap();
    assert_eq!(serde_json::from_str::<Nuspec>(&stored).unwrap(), nuspec);
}

#[test]
fn flat_dependencies_are_one_group_for_all_frameworks() {
    let groups = read("<dependencies><dependency id='B' version='1.*'/></dependencies>").dependency_groups;
    assert_eq!((groups.len(), &groups[0].target_framework, groups[0].dependencies.len()), (1, &None, 1));
}

fn declared_as(label: &str, title: &[u8]) -> Vec<u8> {
    let head = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>");
    let start = "<package><metadata><id>A</id><version>1</version><title>";
    [head.as_bytes(), start.as_bytes(), title, b"</title></metadata></package>"].concat()
}

#[test]
fn what_every_client_decodes_is_read_and_other_encodings_are_not() {
    let text = around("<title>\u{e9}\u{1f600}</title>");
    let declared = |name: &str| format!("<?xml version='1.0' encoding='{name}'?>{text}");
    for (what, bytes) in [
        ("UTF-8", text.clone().into_bytes()),
        ("UTF-8 with mark", ["\u{feff}", &text].concat().into_bytes()),
        ("UTF-8, declared", declared("UTF-8").into_bytes()),
        ("UTF-16 little", utf16(&text, [0xff, 0xfe], u16::to_le_bytes)),
        ("UTF-16 big, declared", utf16(&declared("utf-16"), [0xfe, 0xff], u16::to_be_bytes)),
        ("UTF-16 with its order declared", utf16(&declared("UTF-16LE"), [0xff, 0xfe], u16::to_le_bytes)),
        ("UTF-16 without mark", utf16(&text, [0xff, 0xfe], u16::to_le_bytes).split_off(2)),
        ("UTF-16 big without mark", utf16(&declared("utf-16"), [0xfe, 0xff], u16::to_be_bytes).split_off(2)),
    ] {
        assert_eq!(Nuspec::parse(&bytes).unwrap().title.as_deref(), Some("\u{e9}\u{1f600}"), "{what}");
    }
    for (what, bytes) in [
        ("UTF-16 with half a letter", utf16(&text, [0xff, 0xfe], u16::to_le_bytes).into_iter().chain([0]).collect()),
        (
            "UTF-16 with half a pair",
            utf16(&text, [0xff, 0xfe], u16::to_le_bytes).into_iter().chain([0, 0xd8]).collect(),
        ),
        ("UTF-8 declared as UTF-16", declared("utf-16").into_bytes()),
        ("UTF-16 declared as UTF-8", utf16(&declared("utf-8"), [0xff, 0xfe], u16::to_le_bytes)),
        ("ASCII, declared, with other letters", declared("us-ascii").into_bytes()),
        ("Latin 1, not declared", around("<title>Zo").bytes().chain(*b"\xeb</title>").collect()),
        ("Latin 1 with letters of Windows", declared_as("ISO-8859-1", b"\x80")),
        ("ISO-2022-JP, declared", declared("iso-2022-jp").into_bytes()),
        ("half a letter of GBK", declared_as("gbk", b"\xc4")),
        ("UTF-7, declared", declared("UTF-7").into_bytes()),
        ("invalid UTF-8", [text.as_bytes(), b"\xff"].concat()),
        ("UTF-32", text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect()),
    ] {
        assert_eq!(Nuspec::parse(&bytes).err(), Some(BadNuspec::Encoding), "{what}");
    }
    for (label, bytes, title) in [
        ("ISO-8859-1", &b"Zo\xeb"[..], "Zo\u{eb}"),
        ("windows-1252", b"\x80 5", "\u{20ac} 5"),
        ("windows-1251", b"\xc0\xe4\xe0", "\u{410}\u{434}\u{430}"),
        ("GB2312", b"\xc4\xda\xc8\xdd", "\u{5185}\u{5bb9}"),
        ("shift_jis", b"\x93\xe0", "\u{5185}"),
        ("koi8-r", b"plain", "plain"),
    ] {
        assert_eq!(Nuspec::parse(&declared_as(label, bytes)).unwrap().title.as_deref(), Some(title), "{label}");
    }
    let ascii = format!("<?xml version='1.0' encoding='US-ASCII'?>{}", around("<title>&#xEB;</title>"));
    assert_eq!(Nuspec::parse(ascii.as_bytes()).unwrap().title.as_deref(), Some("\u{eb}"));
    let ebcdic = [0x4c, 0x6f, 0xa7, 0x94, 0x93];
    assert!(Nuspec::parse(&ebcdic).is_err());
}

#[test]
fn documents_that_are_not_what_nuget_writes_are_refused() {
    let attributes: String = (0..65).map(|number| format!(" a{number}=''")).collect();
    let namespaces: String = (0..100_000).map(|number| format!(" xmlns:n{number}='u'")).collect();
    let deep = ["<a>".repeat(100_000), "</a>".repeat(100_000)].concat();
    let wide = "<a/>".repeat(20_001);
    let laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><package/>";
    for (what, text, error) in [
        ("empty", String::new(), BadNuspec::NotXml),
        ("text", "hello".into(), BadNuspec::NotXml),
        ("doctype", "<!DOCTYPE package><package/>".into(), BadNuspec::DocType),
        ("billion laughs", laughs.into(), BadNuspec::DocType),
        ("external", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><package/>".into(), BadNuspec::DocType),
        ("late doctype", around("<!DOCTYPE x>"), BadNuspec::DocType),
        ("version 1.1", format!("<?xml version='1.1'?>{}", around("")), BadNuspec::NotXml),
        ("late declaration", format!(" <?xml version='1.0'?>{}", around("")), BadNuspec::NotXml),
        ("two declarations", format!("<?xml version='1.0'?><?xml version='1.0'?>{}", around("")), BadNuspec::NotXml),
        ("two roots", around("").repeat(2), BadNuspec::NotXml),
        ("text behind the root", format!("{}x", around("")), BadNuspec::NotXml),
        ("reference behind the root", format!("{}&amp;", around("")), BadNuspec::NotXml),
        ("open element", "<package><metadata>".into(), BadNuspec::NotXml),
        ("crossed elements", around("<a><b></a></b>"), BadNuspec::NotXml),
        ("attribute twice", around("<a b='' b=''/>"), BadNuspec::NotXml),
        ("attribute without quotes", around("<a b=c/>"), BadNuspec::NotXml),
        ("control character", around("<title>\u{1}</title>"), BadNuspec::NotXml),
        ("unknown entity", around("<title>&nbsp;</title>"), BadNuspec::Reference),
        ("unknown entity in an attribute", around("<a b='&x;'/>"), BadNuspec::Reference),
        ("reference to NUL", around("<title>&#0;</title>"), BadNuspec::Reference),
        ("reference to a control character", around("<title>&#x1;</title>"), BadNuspec::Reference),
        ("reference to half a pair", around("<title>&#xD800;</title>"), BadNuspec::Reference),
        ("control character in an attribute", around("<a b='&#8;'/>"), BadNuspec::Reference),
        ("deep", around(&deep), BadNuspec::TooComplex),
        ("wide", around(&wide), BadNuspec::TooComplex),
        ("attributes", around(&format!("<a{attributes}/>")), BadNuspec::TooComplex),
        ("namespaces", around(&format!("<a{namespaces}/>")), BadNuspec::TooComplex),
        ("inner namespace", around("<title xmlns='urn:x'>t</title>"), BadNuspec::Namespace),
        (
            "prefix",
            around("<x:id xmlns:x='http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd'>B</x:id>"),
            BadNuspec::Namespace,
        ),
        ("prefix in another case", around("<x:Title xmlns:x='urn:x'>t</x:Title>"), BadNuspec::Namespace),
        ("prefix throughout", "<n:package xmlns:n='urn:x'><n:metadata/></n:package>".into(), BadNuspec::Namespace),
        ("another root", "<nuspec/>".into(), BadNuspec::NoMetadata),
        ("no metadata", "<package/>".into(), BadNuspec::NoMetadata),
        ("metadata twice", "<package><metadata/><metadata/></package>".into(), BadNuspec::Twice("metadata")),
        ("no id", "<package><metadata/></package>".into(), BadNuspec::Missing("id")),
        ("no version", "<package><metadata><id>A</id></metadata></package>".into(), BadNuspec::Missing("version")),
    ] {
        assert_eq!(Nuspec::parse(text.as_bytes()).err(), Some(error), "{what}");
    }
}

#[test]
fn fields_that_nobody_could_rely_on_are_refused() {
    let many = |count: usize| "<dependency id='B'/>".repeat(count);
    let types = "<packageType name='T'/>".repeat(17);
    for (metadata, error) in [
        ("<id>B</id>", BadNuspec::Twice("id")),
        ("<version>2.0</version>", BadNuspec::Twice("version")),
        ("<title>a</title><title>b</title>", BadNuspec::Twice("title")),
        ("<title>a<b/></title>", BadNuspec::NotText("title")),
        ("<readme>../../x</readme>", BadNuspec::Path("readme")),
        ("<icon>images/../../passwd</icon>", BadNuspec::Path("icon")),
        ("<license type='file'>..\\x</license>", BadNuspec::Path("license")),
        ("<license type='other'>MIT</license>", BadNuspec::License),
        ("<license>MIT</license>", BadNuspec::License),
        (
            "<requireLicenseAcceptance>maybe</requireLicenseAcceptance>",
            BadNuspec::NotBoolean("requireLicenseAcceptance"),
        ),
        ("<packageTypes><packageType name='a b'/></packageTypes>", BadNuspec::PackageType),
        ("<packageTypes><packageType/></packageTypes>", BadNuspec::PackageType),
        (&format!("<packageTypes>{types}</packageTypes>"), BadNuspec::PackageType),
        ("<dependencies><group/><dependency id='B'/></dependencies>", BadNuspec::MixedDependencies),
        (&format!("<dependencies>{}</dependencies>", many(1_000)), BadNuspec::TooManyDependencies),
        (
            "<dependencies><dependency id='B' version='1.0;'/></dependencies>",
            BadNuspec::Range(PackageId::parse("B").unwrap(), BadRange::Unreadable),
        ),
        (
            "<dependencies><group><dependency id='B' version='[2.0, 1.0]'/></group></dependencies>",
            BadNuspec::Range(PackageId::parse("B").unwrap(), BadRange::Empty),
        ),
        ("<dependencies><group targetFramework='\u{e9}'/></dependencies>", BadNuspec::Attribute("targetFramework")),
    ] {
        assert_eq!(refusal(metadata), Some(error), "{metadata}");
    }
    assert!(matches!(
        refusal("<dependencies><dependency id='../x'/></dependencies>"),
        Some(BadNuspec::DependencyId(_))
    ));
    assert!(matches!(refusal("<dependencies><dependency/></dependencies>"), Some(BadNuspec::DependencyId(_))));
    assert_eq!(refusal(&format!("<dependencies>{}</dependencies>", many(999))), None);
    let client = "<package><metadata minClientVersion='new'><id>A</id><version>1</version></metadata></package>";
    assert_eq!(Nuspec::parse(client.as_bytes()).err(), Some(BadNuspec::MinClientVersion));
}

#[test]
fn ids_and_versions_are_judged_after_decoding() {
    let id = |text: &str| {
        let text = format!("<package><metadata><id>{text}</id><version>1</version></metadata></package>");
        Nuspec::parse(text.as_bytes()).map(|nuspec| nuspec.id.as_str().to_owned())
    };
    assert_eq!(id("Con<!-- -->toso<![CDATA[.]]>&#67;ore").as_deref(), Ok("Contoso.Core"));
    for text in ["..&#x2F;x", "<![CDATA[<b>]]>", "&#x435;", "$id$", "A&#32;B"] {
        assert!(matches!(id(text), Err(BadNuspec::Id(_))), "{text}");
    }
    let version = "<package><metadata><id>A</id><version>$version$</version></metadata></package>";
    assert!(matches!(Nuspec::parse(version.as_bytes()), Err(BadNuspec::Version(_))));
}

#[test]
fn addresses_that_are_not_of_the_web_are_dropped() {
    for address in
        ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "x", "JAVASCRIPT:x", "http://"]
    {
        let nuspec = read(&format!("<projectUrl>{address}</projectUrl><licenseUrl>{address}</licenseUrl>"));
        assert_eq!((nuspec.project_url, nuspec.license_url), (None, None), "{address}");
    }
    assert_eq!(read(&format!("<projectUrl>http://x/{}</projectUrl>", "a".repeat(100_000))).project_url, None);
}

#[test]
fn long_texts_are_cut_and_hidden_letters_dropped() {
    let nuspec = read(&format!("<description>{}</description>", "\u{e9}".repeat(4_001)));
    assert_eq!((nuspec.description.chars().count(), nuspec.description.ends_with('\u{2026}')), (4_000, true));
    assert_eq!(read(&format!("<description>{}</description>", "x".repeat(4_000))).description.len(), 4_000);
    let nuspec = read("<title>a\u{202e}b&#x85;\u{7f}c&#13;\n\u{feff}</title>");
    assert_eq!(nuspec.title.as_deref(), Some("abc"));
}

#[test]
fn markup_in_texts_stays_text() {
    assert_eq!(
        read("<title>&lt;script>alert(1)&lt;/script></title>").title.as_deref(),
        Some("<script>alert(1)</script>")
    );
}

#[test]
fn a_range_that_was_published_before_ranges_were_read_is_any_version() {
    let nuspec = read("<dependencies><dependency id='B' version='1.0'/></dependencies>");
    let stored = serde_json::to_string(&nuspec).unwrap().replace("\"1.0\"", "\"[15.106.0.preview]\"");
    let again: Nuspec = serde_json::from_str(&stored).unwrap();
    assert_eq!(again.dependency_groups[0].dependencies[0].range, None);
}

#[test]
fn what_no_client_reads_is_no_obstacle() {
    let namespace = |uri: &str| format!("<package xmlns='{uri}'>").into_bytes();
    let rest = around("<title>t</title>").split_off("<package>".len());
    for (what, head) in [
        ("namespace of 2015", namespace("http://schemas.microsoft.com/packaging/2015/06/nuspec.xsd")),
        ("a namespace of somebody", namespace("http://tempuri.org/nuspec.xsd")),
        ("stylesheet", b"<?xml version='1.0'?><?xml-stylesheet href='x'?><package>".to_vec()),
    ] {
        let read = Nuspec::parse(&[head, rest.clone().into_bytes()].concat());
        assert_eq!(read.map(|nuspec| nuspec.title), Ok(Some("t".to_owned())), "{what}");
    }
    let inner = "<package><metadata xmlns='urn:x'><id>A</id><version>1</version><title>t</title></metadata></package>";
    assert_eq!(Nuspec::parse(inner.as_bytes()).unwrap().title.as_deref(), Some("t"));
    let foreign = "<x:note xmlns:x='urn:x'>n<x:b/></x:note><note xmlns='urn:x'/>\
                   <xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='x'/><title>A<?x y?>B</title>";
    assert_eq!(read(foreign).title.as_deref(), Some("AB"));
}

#[test]
fn what_november_stored_is_still_read() {
    let stored = r#"{"id":"A","version":"1.0.0","title":null,"authors":"","description":"","summary":null,"tags":[],
        "project_url":null,"license_url":null,"license":null,"icon":null,"readme":null,"min_client_version":null,
        "release_notes":null,"require_license_acceptance":false,"package_types":["DotnetTool"],
        "dependency_groups":[{"target_framework":null,"dependencies":[{"id":"B","range":null,"include":null,"exclude":null}]}]}"#;
    let nuspec: Nuspec = serde_json::from_str(stored).unwrap();
    assert_eq!(nuspec.package_types, [PackageType { name: "DotnetTool".into(), version: None }]);
    assert_eq!((nuspec.icon_url, nuspec.repository), (None, None));
}
