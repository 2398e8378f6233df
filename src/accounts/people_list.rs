//! A list of people to add, as CSV: who is on it, or what is wrong with which line.

use std::{borrow::Cow, collections::HashMap};

use chrono_tz::Tz;

use super::identity;

/// People on one list.
pub const MOST_PEOPLE: usize = 500;

/// Somebody to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The line of the list, from 1.
    pub line: u64,
    /// The username.
    pub username: String,
    /// The address.
    pub email: String,
    /// Where their days end.
    pub time_zone: Tz,
    /// Whether they are to run the host.
    pub operator: bool,
}

/// Unknown columns that are named.
const MOST_NAMED: usize = 10;

/// Where the columns are.
struct Columns {
    username: usize,
    email: usize,
    operator: Option<usize>,
    time_zone: Option<usize>,
}

impl Columns {
    /// The columns of a list's first line that are not read.
    fn left_out(&self, header: &csv::StringRecord) -> LeftOut {
        let read = [Some(self.username), Some(self.email), self.operator, self.time_zone];
        let others = header.iter().enumerate().filter(|(at, name)| !name.is_empty() && !read.contains(&Some(*at)));
        LeftOut(others.map(|(_, name)| name.to_owned()).collect())
    }
}

const HEADER: &str =
    "Line 1: name the columns here: username,email and, if you like, operator and time_zone, in any order.";

/// A list without a mistake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleList {
    /// Who is on it.
    pub people: Vec<Person>,
    /// Which columns were not read.
    pub left_out: LeftOut,
}

/// What is wrong with a list, and who is on the lines that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadList {
    /// What is wrong: the line, from 1, or 0 for the list as a whole, and a sentence.
    pub wrong: Vec<(u64, String)>,
    /// Who is on the other lines.
    pub people: Vec<Person>,
    /// Which columns were not read.
    pub left_out: LeftOut,
}

impl From<String> for BadList {
    fn from(sentence: String) -> Self {
        Self { wrong: vec![(0, sentence)], ..Self::default() }
    }
}

/// The names of columns that mean nothing here, as the list spells them. A misspelt one is among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(Vec<String>);

impl LeftOut {
    /// Says which, and which ones are read; none if every column was.
    pub fn told(&self) -> Option<String> {
        let named: Vec<_> = self.0.iter().take(MOST_NAMED).map(|name| format!("“{}”", short(name))).collect();
        let more = self.0.len() - named.len();
        let named = if more > 0 { format!("{} and {more} more", named.join(", ")) } else { named.join(", ") };
        let what = match self.0.len() {
            0 => return None,
            1 => format!("The column {named} is unknown here and is left out."),
            _ => format!("The columns {named} are unknown here and are left out."),
        };
        Some(format!("{what} Known columns: username, email, operator, time_zone."))
    }
}

/// Reads a list whose first line names its columns, separated by commas, semicolons or tabs; Excel's line `sep=;` may stand
/// before it. `zone` is for people without one. The error has a sentence for each line that is wrong.
pub fn read(text: &str, zone: Tz) -> Result<PeopleList, BadList> {
    // Lines that end as browsers and Windows end them are counted wrongly by the reader.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let (text, delimiter) = with_delimiter(&text);
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| HEADER.to_owned())?;
    let columns = columns(header)?;
    let left_out = columns.left_out(header);
    let (mut people, mut wrong, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    let mut lines = 0;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                wrong.push((line, format!("Line {line}: it cannot be read as CSV. Check its quotes.")));
                break;
            }
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        // Whatever is wrong with so many is not worth the looking.
        lines += 1;
        if lines > MOST_PEOPLE {
            return Err(format!("Add at most {MOST_PEOPLE} people at a time; this list has more. Split it.").into());
        }
        match person(&record, &columns, zone) {
            Ok(person) => {
                wrong.extend(twice(&person, &mut seen));
                people.push(person);
            }
            Err(problems) => wrong.extend(problems),
        }
    }
    match (people.len(), wrong.is_empty()) {
        (_, false) => Err(BadList { wrong, people, left_out }),
        (0, _) => Err("There is nobody on the list below its first line.".to_owned().into()),
        _ => Ok(PeopleList { people, left_out }),
    }
}

/// The list and what separates its fields. A line that only says so is emptied and not cut: lines keep their numbers.
fn with_delimiter(text: &str) -> (Cow<'_, str>, u8) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if first.trim().is_empty() && !rest.is_empty() {
        let (rest, delimiter) = with_delimiter(rest);
        return (format!("\n{rest}").into(), delimiter);
    }
    let named = first.trim().trim_matches('"').strip_prefix("sep=").map(str::as_bytes);
    match named {
        Some(&[delimiter]) => (format!("\n{rest}").into(), delimiter),
        _ => {
            let found = [b';', b'\t'].into_iter().find(|mark| first.as_bytes().contains(mark));
            (text.into(), found.unwrap_or(b','))
        }
    }
}

fn columns(header: &csv::StringRecord) -> Result<Columns, String> {
    let names: Vec<_> = header.iter().map(|name| name.to_ascii_lowercase().replace([' ', '-'], "_")).collect();
    let line = header.position().map_or(1, csv::Position::line);
    // The most exact name counts: a list of people may have a column for their real names, too.
    let at = |known: &[&str]| {
        let Some(name) = known.iter().find(|known| names.iter().any(|name| name == *known)) else { return Ok(None) };
        let mut found = names.iter().enumerate().filter(|(_, other)| other == name).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(format!("Line {line}: there are two columns named {name}. Keep one of them.")),
            (first, None) => Ok(first),
        }
    };
    let needed = || HEADER.to_owned();
    Ok(Columns {
        username: at(&["username", "user", "user_name", "login", "name"])?.ok_or_else(needed)?,
        email: at(&["email", "e_mail", "email_address", "mail", "address"])?.ok_or_else(needed)?,
        operator: at(&["operator"])?,
        time_zone: at(&["time_zone", "timezone", "zone"])?,
    })
}

fn person(record: &csv::StringRecord, columns: &Columns, zone: Tz) -> Result<Person, Vec<(u64, String)>> {
    let line = record.position().map_or(0, csv::Position::line);
    let field = |at: usize| record.get(at).unwrap_or_default();
    let optional = |at: Option<usize>| at.map(field).unwrap_or_default();
    let mut wrong = Vec::new();
    let mut note = |text: String| wrong.push((line, format!("Line {line}: {text}")));
    let username = identity::username(field(columns.username));
    let username = username.map_err(|why| note(format!("“{}”: {why}", short(field(columns.username))))).ok();
    let email = identity::email(field(columns.email));
    let email = email.map_err(|why| note(format!("“{}”: {why}", short(field(columns.email))))).ok();
    let time_zone = match optional(columns.time_zone) {
        "" => Some(zone),
        name => identity::time_zone(name)
            .map_err(|_| note(format!("“{}” is not a time zone such as Europe/Berlin.", short(name))))
            .ok(),
    };
    let operator = match optional(columns.operator).to_ascii_lowercase().as_str() {
        "" | "no" | "false" | "0" => Some(false),
        "yes" | "true" | "1" => Some(true),
        other => {
            note(format!("write yes or no for operator, not “{}”.", short(other)));
            None
        }
    };
    match (username, email, time_zone, operator) {
        (Some(username), Some(email), Some(time_zone), Some(operator)) => {
            Ok(Person { line, username, email, time_zone, operator })
        }
        _ => Err(wrong),
    }
}

/// What is wrong if a username or address stands on the list twice.
fn twice(person: &Person, seen: &mut HashMap<String, u64>) -> Vec<(u64, String)> {
    let mut wrong = Vec::new();
    for (what, text) in [("username", &person.username), ("address", &person.email)] {
        if let Some(line) = seen.insert(format!("{what} {}", text.to_ascii_lowercase()), person.line) {
            let here = person.line;
            wrong.push((here, format!("Line {here}: the {what} “{text}” is on line {line} already.")));
        }
    }
    wrong
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whatever_separates_it_and_however_its_columns_stand() {
        for text in [
            "username,email,operator,time_zone\nada,ada@example.com,yes,Europe/Berlin\nbo,bo@example.com,,\n",
            "\u{feff}Email;Username;Time zone;Operator\r\nada@example.com;ada;Europe/Berlin;YES\r\n\r\nbo@example.com;bo;;no\r\n",
            "sep=;\r\nusername;email;operator;time_zone\r\nada;ada@example.com;yes;Europe/Berlin\r\nbo;bo@example.com;;\r\n",
            "\u{feff}\"sep=|\"\nusername|email|operator|time_zone\nada|ada@example.com|yes|Europe/Berlin\nbo|bo@example.com||\n",
            "\n\nsep=;\nusername;email;operator;time_zone\nada;ada@example.com;yes;Europe/Berlin\nbo;bo@example.com;;\n",
            "\nName;Username;Address;Email;Operator;Time zone\nLovelace;ada;London;ada@example.com;yes;Europe/Berlin\nX;bo;-;bo@example.com\n",
            "username\temail\ttime_zone\toperator\nada\tada@example.com\tEurope/Berlin\t1\nbo\tbo@example.com\n",
        ] {
            let PeopleList { people, .. } = read(text, Tz::UTC).unwrap();
            let told: Vec<_> = people
                .iter()
                .map(|one| (one.username.as_str(), one.email.as_str(), one.time_zone, one.operator))
                .collect();
            let expected =
                [("ada", "ada@example.com", Tz::Europe__Berlin, true), ("bo", "bo@example.com", Tz::UTC, false)];
            assert_eq!(told, expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_line_by_line() {
        let text = "username,email,operator,time_zone\na,ada@example.com,,\nbo,nowhere,perhaps,Mars\ncy,cy@example.com,,\nCY,cy@example.com,,\n";
        let BadList { wrong, people, .. } = read(text, Tz::UTC).unwrap_err();
        let lines: Vec<_> = wrong.iter().map(|(_, text)| text.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["Line 2", "Line 3", "Line 3", "Line 3", "Line 5", "Line 5"], "{wrong:?}");
        assert_eq!(people.iter().map(|person| person.line).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(read(&text.replace('\n', "\r\n"), Tz::UTC).unwrap_err().wrong, wrong);
        let named = read(&format!("sep=,\n{text}"), Tz::UTC).unwrap_err().wrong;
        assert_eq!(named.iter().map(|(line, _)| line - 1).collect::<Vec<_>>(), [2, 3, 3, 3, 5, 5], "{named:?}");
        assert!(wrong[4].1.ends_with("the username “CY” is on line 4 already."), "{wrong:?}");
        let many = |line: &str| format!("username,email\n{}", line.repeat(MOST_PEOPLE + 1));
        for bad in [many("x,y\n"), many("ada,ada@example.com\n")] {
            let BadList { wrong, people, .. } = read(&bad, Tz::UTC).unwrap_err();
            assert!(wrong.len() == 1 && people.is_empty() && wrong[0].1.starts_with("Add at most 500"), "{wrong:?}");
        }
        for bad in
            ["", "ada,ada@example.com", "username,email,email\nbo,b@b.de,c@b.de", "username,email", "username,email\n"]
        {
            assert_eq!(read(bad, Tz::UTC).unwrap_err().wrong.len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn a_column_that_means_nothing_here_is_told_beside_those_that_do() {
        let told = |header: &str| match read(&format!("{header}\nada,ada@example.com,x,y,z"), Tz::UTC) {
            Ok(list) => list.left_out.told(),
            Err(bad) => bad.left_out.told(),
        };
        assert_eq!(told("username,email"), None);
        assert_eq!(told("Username,E-mail,,"), None, "a name of nothing is no column");
        let known = "Known columns: username, email, operator, time_zone.";
        let one = "The column “Operater” is unknown here and is left out.";
        assert_eq!(told("username,email,Operater"), Some(format!("{one} {known}")));
        let two = "The columns “name”, “Street” are unknown here and are left out.";
        assert_eq!(told("username,email,name,Street"), Some(format!("{two} {known}")));
        assert!(told("username,email,operator,phone").unwrap().contains("“phone”"), "of a list with mistakes, too");
        let many: String = (0..300).map(|n| format!(",c{n}{}", "x".repeat(100))).collect();
        let many = told(&format!("username,email{many}")).unwrap();
        assert!(many.contains(" and 290 more are unknown") && many.len() < 1_000, "{many}");
    }
}
