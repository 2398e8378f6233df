//! Writes small packages, entry by entry, uncompressed.

/// A package with one library file.
pub fn nupkg(id: &str, version: &str) -> Vec<u8> {
    with(id, version, "")
}

/// A package whose nuspec has more elements.
pub fn with(id: &str, version: &str, elements: &str) -> Vec<u8> {
    holding(id, version, elements, &[("lib/net40/a.dll", b"not really")])
}

/// A package with files.
pub fn holding(id: &str, version: &str, elements: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let nuspec = format!(
        "<?xml version=\"1.0\"?><package xmlns=\"http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd\"><metadata>\
         <id>{id}</id><version>{version}</version><authors>Ada</authors><description>Counts things</description>{elements}\
         </metadata></package>"
    );
    let name = format!("{id}.nuspec");
    zip(&[&[(name.as_str(), nuspec.as_bytes())], files].concat())
}

/// An archive of stored entries.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let offset = file.len() as u32;
        // The flag says that names are UTF-8.
        let mut facts = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0x5a];
        facts.extend(crc32fast::hash(content).to_le_bytes());
        facts.extend([content.len() as u32, content.len() as u32].map(u32::to_le_bytes).concat());
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend([0, 0]);
        file.extend([b"PK\x03\x04".as_slice(), &facts, name.as_bytes(), content].concat());
        directory.extend(
            [b"PK\x01\x02\x14\x00".as_slice(), &facts, &[0; 10], &offset.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    let (count, offset) = (entries.len() as u16, file.len() as u32);
    file.extend(&directory);
    file.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &count.to_le_bytes(), &count.to_le_bytes()].concat());
    file.extend([(directory.len() as u32).to_le_bytes(), offset.to_le_bytes()].concat());
    file.extend([0, 0]);
    file
}
