//! What the design says each cell of the matrix must answer. Nothing of the product is called here.

/// Whose clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    NuGet,
    Npm,
    Container,
}

/// How the credential is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    None,
    EmptyBasic,
    ApiKey,
    Basic,
    Bearer,
    TwoDifferent,
    TwoEqual,
}

/// What the credential is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    ExpiresSoon,
    Expired,
    Deactivated,
    Revoked,
    Replaced,
    AccountDisabled,
    Unknown,
    Malformed,
}

/// What the token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Pull,
    Push,
    PushVersion,
    Delete,
    Everything,
    /// Permissions of other kinds.
    Elsewhere,
}

/// Which names it covers: all, the asked ones, others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    All,
    These,
    Others,
}

/// Which feeds it covers: all, the asked ones, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    All,
    These,
    Another,
}

/// The account's role in the asked feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    None,
    Reader,
    Writer,
    Owner,
}

/// Whose the asked package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owned {
    New,
    Own,
    Others,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Read,
    Push,
    Unlist,
    CanPull,
    CanPush,
    CanDelete,
    List,
}

/// One cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) door: Door,
    pub(crate) form: Form,
    pub(crate) state: State,
    pub(crate) grant: Grant,
    pub(crate) names: Names,
    pub(crate) covered: Covered,
    pub(crate) part: Part,
    pub(crate) public: bool,
    pub(crate) owned: Owned,
    pub(crate) operation: Operation,
}

/// What must come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: u16,
    pub(crate) challenge: bool,
    /// Whether `X-NuGet-Warning` or `npm-notice` says something.
    pub(crate) warning: bool,
    /// The word for why not, where the answer holds one.
    pub(crate) reason: Option<&'static str>,
}

impl Operation {
    fn at_the_api(self) -> bool {
        matches!(self, Self::CanPull | Self::CanPush | Self::CanDelete | Self::List)
    }
}

impl State {
    /// Why a credential is no live token.
    fn ended(self) -> Option<&'static str> {
        match self {
            Self::Active | Self::ExpiresSoon => None,
            Self::Unknown | Self::Malformed => Some("not-a-token"),
            Self::Replaced => Some("replaced"),
            Self::Revoked => Some("revoked"),
            Self::Deactivated => Some("deactivated"),
            Self::Expired => Some("expired"),
            Self::AccountDisabled => Some("account-disabled"),
        }
    }
}

impl Cell {
    pub(crate) fn expected(&self) -> Expected {
        // Texts that are no keys are not compared: two of them count as different.
        let different =
            self.form == Form::TwoDifferent || (self.form == Form::TwoEqual && self.state == State::Malformed);
        if different && (self.door != Door::Container || self.operation.at_the_api()) {
            return Expected { status: 400, challenge: false, warning: !self.operation.at_the_api(), reason: None };
        }
        match self.door {
            _ if self.operation.at_the_api() => self.expected_of_the_api(),
            Door::NuGet => self.expected_of_nuget(),
            Door::Npm => self.expected_of_npm(),
            Door::Container => {
                let granted = !different && self.is_granted_of_registries();
                let status = if granted { 200 } else { 401 };
                Expected { status, challenge: !granted, warning: false, reason: None }
            }
        }
    }

    /// Clients of registries show a sentence on 401 alone.
    fn is_granted_of_registries(&self) -> bool {
        if matches!(self.form, Form::None | Form::EmptyBasic) {
            return self.operation == Operation::Read && self.public;
        }
        self.state.ended().is_none() && self.refused(true).is_none()
    }

    fn expected_of_nuget(&self) -> Expected {
        // What is not there is said without a warning, but to who wants to change it.
        let warns = |status| status >= 400 && (status != 404 || self.operation != Operation::Read);
        let answer = |status| Expected { status, challenge: false, warning: warns(status), reason: None };
        if matches!(self.form, Form::None | Form::EmptyBasic) {
            return match (self.operation, self.public) {
                (Operation::Read, true) => answer(self.status_of_success()),
                _ => Expected { challenge: true, warning: false, ..answer(401) },
            };
        }
        if self.state.ended().is_some() {
            return match self.form {
                Form::Basic | Form::Bearer => Expected { challenge: true, ..answer(401) },
                _ => answer(403),
            };
        }
        // A push is decided before its body, and so its name, is known.
        let refused = match self.operation {
            Operation::Push => self.refused(false).or_else(|| self.refused(true)),
            _ => self.refused(true),
        };
        match refused {
            Some("not-found") => answer(404),
            // Clients ask every source for every id.
            Some("package-not-covered") if self.operation == Operation::Read && self.owned == Owned::New => answer(404),
            Some(_) => answer(403),
            None => {
                let done = answer(self.status_of_success());
                Expected { warning: done.warning || (done.status < 400 && self.state == State::ExpiresSoon), ..done }
            }
        }
    }

    /// npm clients name the package in every address, and no answer has a challenge.
    fn expected_of_npm(&self) -> Expected {
        let warns = |status| status >= 400 && (status != 404 || self.operation != Operation::Read);
        let answer = |status| Expected { status, challenge: false, warning: warns(status), reason: None };
        if matches!(self.form, Form::None | Form::EmptyBasic) {
            return match (self.operation, self.public) {
                (Operation::Read, true) => answer(self.status_of_success()),
                _ => Expected { warning: false, ..answer(401) },
            };
        }
        if self.state.ended().is_some() {
            return answer(401);
        }
        match self.refused(true) {
            Some("not-found") => answer(404),
            Some("package-not-covered") if self.operation == Operation::Read && self.owned == Owned::New => answer(404),
            Some(_) => answer(403),
            None => {
                let done = answer(self.status_of_success());
                Expected { warning: done.warning || (done.status < 400 && self.state == State::ExpiresSoon), ..done }
            }
        }
    }

    /// What exists is pushed again, which is a conflict; what does not exist cannot be read or unlisted.
    fn status_of_success(&self) -> u16 {
        match (self.operation, self.owned) {
            (Operation::Push, Owned::New) => 201,
            (Operation::Push, _) => 409,
            (_, Owned::New) => 404,
            // npm's clients say which state of the package they have seen, and this one has seen none.
            (Operation::Unlist, _) if self.door == Door::Npm => 409,
            (Operation::Unlist, _) => 204,
            (_, _) => 200,
        }
    }

    fn expected_of_the_api(&self) -> Expected {
        let answer =
            |status, reason| Expected { status, challenge: status == 401 || status == 403, warning: false, reason };
        let about_can = self.operation != Operation::List;
        if self.form != Form::Bearer {
            return answer(401, about_can.then_some("not-a-token"));
        }
        if let Some(ended) = self.state.ended() {
            return answer(401, Some(ended));
        }
        match self.operation {
            Operation::List if !self.granted() => answer(403, Some("permission-missing")),
            Operation::List => answer(200, None),
            _ => answer(200, self.refused(true)),
        }
    }

    /// Whether the list of packages shows the asked one.
    pub(crate) fn listed(&self) -> bool {
        let covered = self.names != Names::Others && self.covered != Covered::Another;
        self.owned != Owned::New && self.door != Door::Container && self.part > Part::None && (covered || self.public)
    }

    /// The first rule a live token breaks.
    fn refused(&self, named: bool) -> Option<&'static str> {
        let reads = matches!(self.operation, Operation::Read | Operation::CanPull);
        if reads && self.public {
            return None;
        }
        if !self.granted() {
            return Some("permission-missing");
        }
        if self.covered == Covered::Another {
            return Some("feed-not-covered");
        }
        if named && self.names == Names::Others {
            return Some("package-not-covered");
        }
        let readable = self.public || self.part > Part::None;
        let pushes = matches!(self.operation, Operation::Push | Operation::CanPush);
        // Of a feed the account cannot read, not even this is told.
        if named && readable && pushes && self.grant == Grant::PushVersion && self.owned == Owned::New {
            return Some("only-new-versions");
        }
        if !readable {
            return Some("not-found");
        }
        let is_owned_by_others = match self.door {
            // Repositories have no owners: writers push, and the feed's owners delete.
            Door::Container => !pushes,
            Door::NuGet | Door::Npm => self.owned == Owned::Others,
        };
        let least = if named && is_owned_by_others { Part::Owner } else { Part::Writer };
        (!reads && self.part < least).then_some("account-may-not")
    }

    fn granted(&self) -> bool {
        let is_container = self.door == Door::Container;
        if is_container && self.grant == Grant::PushVersion {
            return false;
        }
        match self.operation {
            // Whoever pushes images pulls them.
            Operation::Read | Operation::CanPull | Operation::List if is_container && self.grant == Grant::Push => true,
            Operation::Read | Operation::CanPull | Operation::List => {
                matches!(self.grant, Grant::Pull | Grant::Everything)
            }
            Operation::Push | Operation::CanPush => {
                matches!(self.grant, Grant::Push | Grant::PushVersion | Grant::Everything)
            }
            Operation::Unlist | Operation::CanDelete => matches!(self.grant, Grant::Delete | Grant::Everything),
        }
    }
}
