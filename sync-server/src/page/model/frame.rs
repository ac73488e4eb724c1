//! What every page has: who looks at it, where they are, what was just done.

use std::ops::Deref;

use fieldseal_core::domain::texts::Lang;

use crate::page::words::Words;

/// The place in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// The board and everything reached from it.
    Board,
    /// Tickets.
    Tickets,
    /// Callbacks and improvements.
    After,
    /// A new work order.
    New,
    /// Conflicts of all orders.
    Conflicts,
    /// Stock.
    Stock,
    /// Customers and their equipment.
    Customers,
    /// Users.
    Users,
    /// Devices.
    Devices,
    /// None of them (login, errors).
    Elsewhere,
}

/// The person whose page it is.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The name shown.
    pub name: String,
    /// Names of the roles, in the reader's language.
    pub roles: String,
    /// May see customers.
    pub customers: bool,
    /// May create tickets and orders.
    pub creates: bool,
    /// May see users and devices.
    pub administers: bool,
}

/// How loud a mark is. The word carries the meaning, the colour repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// To know.
    Info,
    /// Soon due, or needs a look.
    Warn,
    /// Late, wrong, or to decide.
    Bad,
}

impl Tone {
    /// The CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A short word with a tone: a flag, a state, a count.
#[derive(Debug, Clone)]
pub struct Chip {
    /// The word.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
    /// What it means, where the word alone is short.
    pub hint: String,
}

impl Chip {
    /// A chip without a hint.
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
            hint: String::new(),
        }
    }
}

/// One choice of a select or a group of radio buttons.
#[derive(Debug, Clone)]
pub struct Choice {
    /// What is posted.
    pub value: String,
    /// What is read.
    pub text: String,
    /// Whether it is chosen already.
    pub chosen: bool,
}

/// A label and its value.
#[derive(Debug, Clone)]
pub struct Row {
    /// The label.
    pub label: String,
    /// The value; empty means not recorded.
    pub value: String,
}

impl Row {
    /// A row.
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
        }
    }

    /// Whether the value needs the whole width.
    pub fn wide(&self) -> bool {
        self.value.chars().count() > 80 || self.value.lines().count() > 3
    }
}

/// Everything around the content.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Language, zone, moment.
    pub words: Words,
    /// The page's title.
    pub title: String,
    /// The place in the navigation.
    pub here: Here,
    /// Who is logged in.
    pub viewer: Option<Viewer>,
    /// The session's CSRF token, a hidden field of every form.
    pub csrf: String,
    /// The page's own path and query, to which the language switch returns.
    pub path: String,
    /// What the last form did, or why it was refused.
    pub notice: Option<Chip>,
    /// Open conflicts that ask for a decision.
    pub conflicts: usize,
    /// Whether the page keeps itself up to date.
    pub live: bool,
    /// The newest row of the sequence before the page was made: a stream that tells this number tells nothing new.
    pub seen: u64,
    /// Version of the static files, part of their address.
    pub version: &'static str,
}

impl Frame {
    /// The code of the language that the switch offers.
    pub fn other_code(&self) -> &'static str {
        self.words.other().as_str()
    }

    /// The name of the language that the switch offers, in that language.
    pub fn other_name(&self) -> String {
        fieldseal_core::domain::texts::label(self.words.other(), self.words.other().text_key())
    }

    /// The moment of rendering, for «as of».
    pub fn as_of(&self) -> String {
        self.words.moment(self.words.now_ms)
    }

    /// The `aria-current` of a navigation entry.
    pub fn current(&self, here: Here) -> &'static str {
        if self.here == here { "page" } else { "false" }
    }

    /// What stands between the items of a list within a line.
    pub const fn separator(&self) -> &'static str {
        self.words.lang.list_separator()
    }

    /// Whether the reader reads Chinese.
    pub fn chinese(&self) -> bool {
        self.words.lang == Lang::ZhCn
    }
}

impl Deref for Frame {
    type Target = Words;
    fn deref(&self) -> &Words {
        &self.words
    }
}
