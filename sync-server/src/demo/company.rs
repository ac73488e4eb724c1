//! The demo's people with accounts, all invented. Customers, units, parts and tickets stand in `data/`.

/// A person with an account.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// Login name.
    pub login: &'static str,
    /// Shown name.
    pub name: &'static str,
    /// Code of the role (`domain::roles`).
    pub role: &'static str,
}

/// Office people: the visitor's own account, dispatcher, auditor, storekeeper, quality, a second dispatcher.
pub const OFFICE: &[Person] = &[
    Person {
        login: "guest",
        name: "访客（调度主管）",
        role: "admin",
    },
    Person {
        login: "li.fang",
        name: "李芳",
        role: "dispatcher",
    },
    Person {
        login: "zhou.min",
        name: "周敏",
        role: "auditor",
    },
    Person {
        login: "sun.lei",
        name: "孙磊",
        role: "storekeeper",
    },
    Person {
        login: "he.jing",
        name: "何静",
        role: "quality",
    },
    Person {
        login: "huang.li",
        name: "黄莉",
        role: "dispatcher",
    },
];

/// The engineers whose phones run in the demo.
pub const ENGINEERS: &[Person] = &[
    Person {
        login: "chen.wei",
        name: "陈伟",
        role: "engineer",
    },
    Person {
        login: "wang.qiang",
        name: "王强",
        role: "engineer",
    },
    Person {
        login: "zhao.lin",
        name: "赵琳",
        role: "engineer",
    },
];

/// The engineer whom the visitor can be, with the command line as the phone. No process works for this one.
pub const YOU: Person = Person {
    login: "you",
    name: "您（试用工程师）",
    role: "engineer",
};
