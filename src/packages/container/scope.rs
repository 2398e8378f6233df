//! What clients of container registries ask for: `repository:team/app:pull,push`, several in one request
//! (distribution specification, "Token Scope Documentation").

use super::name;

/// Most scopes of one request that are looked at. A command needs one or two, and one more for each layer it may mount;
/// proxies take headers of 8 KiB, and what is granted has to fit there.
const MOST: usize = 20;

/// What is asked of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The whole name, the feed included.
    pub repository: String,
    /// What is asked by name.
    pub verbs: Verbs,
    /// Whether `*` is asked: whatever the key may do.
    pub whatever: bool,
}

/// A set of what can be done with a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verbs {
    /// Read manifests, layers and tags.
    pub pull: bool,
    /// Upload.
    pub push: bool,
    /// Delete.
    pub delete: bool,
}

impl Verbs {
    /// Reading alone.
    pub const PULL: Self = Self { pull: true, push: false, delete: false };
    /// Uploading alone.
    pub const PUSH: Self = Self { pull: false, push: true, delete: false };
    /// Deleting alone.
    pub const DELETE: Self = Self { pull: false, push: false, delete: true };

    /// Each as a set of its own.
    pub fn each(self) -> impl Iterator<Item = Self> {
        let all = [(self.pull, Self::PULL), (self.push, Self::PUSH), (self.delete, Self::DELETE)];
        all.into_iter().filter_map(|(is_there, verb)| is_there.then_some(verb))
    }

    /// As scopes say it: `pull,push`.
    pub fn words(self) -> String {
        let all = [(self.pull, "pull"), (self.push, "push"), (self.delete, "delete")];
        all.into_iter().filter_map(|(is_there, word)| is_there.then_some(word)).collect::<Vec<_>>().join(",")
    }

    /// What is in either.
    pub fn and(self, other: Self) -> Self {
        Self { pull: self.pull || other.pull, push: self.push || other.push, delete: self.delete || other.delete }
    }
}

impl Scope {
    /// What is judged: everything where whatever is allowed is asked.
    pub fn asked(&self) -> Verbs {
        let all = Verbs { pull: true, push: true, delete: true };
        if self.whatever { all } else { self.verbs }
    }

    /// The repository's feed; none if no repository here can be called so.
    pub fn feed(&self) -> Option<&str> {
        name::check(&self.repository).ok()
    }

    /// `repository:team/app:pull,push`; the type may have a class (`repository(plugin):…`). None for what is asked of
    /// something else (`registry:catalog:*`), and for what is no scope.
    fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        let (repository, actions) = rest.rsplit_once(':')?;
        let is_repository = kind == "repository" || kind.starts_with("repository(") && kind.ends_with(')');
        if !is_repository || repository.is_empty() {
            return None;
        }
        let asks = |word: &str| actions.split(',').any(|action| action == word);
        let verbs = Verbs { pull: asks("pull"), push: asks("push"), delete: asks("delete") };
        Some(Self { repository: repository.to_owned(), verbs, whatever: asks("*") })
    }

    /// Reads the values of `scope`: each may hold several, separated by blanks (which a `+` stands for). What is asked
    /// twice of one repository is one scope. What is asked beyond [`MOST`] is not granted.
    pub fn parse_all<'t>(values: impl Iterator<Item = &'t str>) -> Vec<Self> {
        let mut scopes: Vec<Self> = Vec::new();
        for scope in values.flat_map(|value| value.split([' ', '+'])).filter_map(Self::parse) {
            if let Some(known) = scopes.iter_mut().find(|known| known.repository == scope.repository) {
                known.verbs = known.verbs.and(scope.verbs);
                known.whatever |= scope.whatever;
            } else if scopes.len() < MOST {
                scopes.push(scope);
            }
        }
        scopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Vec<String> {
        let scopes = Scope::parse_all(values.iter().copied());
        let star = |scope: &Scope| if scope.whatever { "*" } else { "" };
        scopes.iter().map(|scope| format!("{}:{}{}", scope.repository, scope.verbs.words(), star(scope))).collect()
    }

    #[test]
    fn scopes_are_read_as_every_client_writes_them() {
        for (values, expected) in [
            (vec!["repository:team/app:push,pull"], vec!["team/app:pull,push"]),
            (vec!["repository:team/app:pull repository:team/app:pull,push"], vec!["team/app:pull,push"]),
            (vec!["repository:team/a:pull+repository:team/b:pull"], vec!["team/a:pull", "team/b:pull"]),
            (vec!["repository:team/a:pull", "repository:team/b:push,pull"], vec!["team/a:pull", "team/b:pull,push"]),
            (vec!["repository:team/app:*"], vec!["team/app:*"]),
            (vec!["repository:team/app:*", "repository:team/app:delete"], vec!["team/app:delete*"]),
            (vec!["repository(plugin):team/app:pull"], vec!["team/app:pull"]),
            (vec!["repository:host:5000/app:pull"], vec!["host:5000/app:pull"]),
            (vec!["registry:catalog:*"], vec![]),
            (vec!["repository:x", "repository:", ":", "", "repository::pull", "x:y:z"], vec![]),
            (vec!["repository:team/app:"], vec!["team/app:"]),
            (vec!["repository:team/app:read,write"], vec!["team/app:"]),
        ] {
            assert_eq!(read(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn no_more_than_twenty_are_looked_at() {
        let many: Vec<String> = (0..500).map(|n| format!("repository:team/a{n}:pull")).collect();
        assert_eq!(read(&many.iter().map(String::as_str).collect::<Vec<_>>()).len(), MOST);
    }
}
