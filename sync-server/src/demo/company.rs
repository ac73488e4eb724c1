//! The demo's company: people, customers, keys, parts and prices, all invented. Names are Chinese, as its users'
//! would be. Phone numbers are of a range that is given to nobody.

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

/// A customer with one contact.
#[derive(Debug, Clone, Copy)]
pub struct Customer {
    /// Company name.
    pub name: &'static str,
    /// District, for grouping.
    pub region: &'static str,
    /// Street address.
    pub address: &'static str,
    /// Contact's name.
    pub contact: &'static str,
    /// Contact's phone.
    pub phone: &'static str,
    /// Report language.
    pub language: &'static str,
    /// Key customer (重点客户).
    pub key: bool,
}

/// An installed unit.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Index into [`CUSTOMERS`].
    pub customer: usize,
    /// Serial number.
    pub serial: &'static str,
    /// Product code: `eseal_key` or a weak-current product.
    pub product: &'static str,
    /// Days before the demo's first start on which the seal was applied for, or the goods were accepted.
    pub days_ago: u32,
}

/// A spare part.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Part number.
    pub number: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Name in English.
    pub name_en: &'static str,
    /// Price in fen.
    pub fen: i64,
    /// Units issued into each van at the start.
    pub per_van: u32,
}

/// Office people. The first is the visitor's own account.
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

/// Customers.
pub const CUSTOMERS: &[Customer] = &[
    Customer {
        name: "浦江建设集团有限公司",
        region: "浦东新区",
        address: "上海市浦东新区世纪大道1701号12层",
        contact: "张慧",
        phone: "1990000 0101",
        language: "zh-CN",
        key: true,
    },
    Customer {
        name: "华信招标代理有限公司",
        region: "黄浦区",
        address: "上海市黄浦区北京东路668号A座5层",
        contact: "刘洋",
        phone: "1990000 0102",
        language: "zh-CN",
        key: true,
    },
    Customer {
        name: "明远律师事务所",
        region: "静安区",
        address: "上海市静安区南京西路1266号36层",
        contact: "吴晓明",
        phone: "1990000 0103",
        language: "zh-CN",
        key: false,
    },
    Customer {
        name: "东方职业技术学院",
        region: "松江区",
        address: "上海市松江区文翔路2200号行政楼204室",
        contact: "郑凯",
        phone: "1990000 0104",
        language: "zh-CN",
        key: true,
    },
    Customer {
        name: "长宁区市民服务中心",
        region: "长宁区",
        address: "上海市长宁区长宁路599号二楼",
        contact: "钱丽",
        phone: "1990000 0105",
        language: "zh-CN",
        key: true,
    },
    Customer {
        name: "康宁医疗器械有限公司",
        region: "闵行区",
        address: "上海市闵行区联航路1588号3号楼",
        contact: "孙悦",
        phone: "1990000 0106",
        language: "zh-CN",
        key: false,
    },
    Customer {
        name: "Suzhou Brightline Logistics Co., Ltd.",
        region: "苏州工业园区",
        address: "苏州工业园区星湖街328号8幢",
        contact: "Helen Xu",
        phone: "1990000 0107",
        language: "en",
        key: false,
    },
    Customer {
        name: "锦程会计师事务所",
        region: "徐汇区",
        address: "上海市徐汇区漕溪北路398号18层",
        contact: "冯涛",
        phone: "1990000 0108",
        language: "zh-CN",
        key: false,
    },
    Customer {
        name: "新城物业服务有限公司",
        region: "宝山区",
        address: "上海市宝山区友谊路1518弄2号",
        contact: "褚军",
        phone: "1990000 0109",
        language: "zh-CN",
        key: false,
    },
    Customer {
        name: "海纳电子科技有限公司",
        region: "嘉定区",
        address: "上海市嘉定区曹安公路4750号",
        contact: "卫红",
        phone: "1990000 0110",
        language: "zh-CN",
        key: false,
    },
    Customer {
        name: "顺达汽车零部件有限公司",
        region: "青浦区",
        address: "上海市青浦区崧泽大道6066弄11号",
        contact: "蒋波",
        phone: "1990000 0111",
        language: "zh-CN",
        key: false,
    },
    Customer {
        name: "金海粮油贸易有限公司",
        region: "奉贤区",
        address: "上海市奉贤区望园路2165弄16号",
        contact: "沈瑶",
        phone: "1990000 0112",
        language: "zh-CN",
        key: false,
    },
];

/// Installed units; the e-seal keys' application dates straddle the warranty's edge of three years.
pub const ASSETS: &[Asset] = &[
    Asset {
        customer: 0,
        serial: "ES-8F21-0001",
        product: "eseal_key",
        days_ago: 1094,
    },
    Asset {
        customer: 0,
        serial: "ES-8F21-0002",
        product: "eseal_key",
        days_ago: 1097,
    },
    Asset {
        customer: 0,
        serial: "ES-8F21-0003",
        product: "eseal_key",
        days_ago: 410,
    },
    Asset {
        customer: 1,
        serial: "ES-7C10-0115",
        product: "eseal_key",
        days_ago: 733,
    },
    Asset {
        customer: 1,
        serial: "ES-7C10-0116",
        product: "eseal_key",
        days_ago: 1460,
    },
    Asset {
        customer: 2,
        serial: "ES-9A03-0042",
        product: "eseal_key",
        days_ago: 96,
    },
    Asset {
        customer: 3,
        serial: "ES-6B77-0310",
        product: "eseal_key",
        days_ago: 1090,
    },
    Asset {
        customer: 3,
        serial: "HV-CAM-22081",
        product: "camera",
        days_ago: 21,
    },
    Asset {
        customer: 4,
        serial: "ES-9A03-0077",
        product: "eseal_key",
        days_ago: 1102,
    },
    Asset {
        customer: 4,
        serial: "ES-9A03-0078",
        product: "eseal_key",
        days_ago: 512,
    },
    Asset {
        customer: 5,
        serial: "ES-5D19-0006",
        product: "eseal_key",
        days_ago: 880,
    },
    Asset {
        customer: 6,
        serial: "ES-5D19-0009",
        product: "eseal_key",
        days_ago: 1095,
    },
    Asset {
        customer: 7,
        serial: "ES-4E52-0201",
        product: "eseal_key",
        days_ago: 1500,
    },
    Asset {
        customer: 8,
        serial: "AC-DOOR-0417",
        product: "access-controller",
        days_ago: 300,
    },
    Asset {
        customer: 8,
        serial: "ES-4E52-0233",
        product: "eseal_key",
        days_ago: 61,
    },
    Asset {
        customer: 9,
        serial: "ES-3K88-0019",
        product: "eseal_key",
        days_ago: 1093,
    },
    Asset {
        customer: 10,
        serial: "SW-POE-9013",
        product: "switch",
        days_ago: 5,
    },
    Asset {
        customer: 11,
        serial: "ES-3K88-0054",
        product: "eseal_key",
        days_ago: 200,
    },
];

/// Spare parts of the vans.
pub const PARTS: &[Part] = &[
    Part {
        number: "KEY-BLANK",
        name: "电子印章空白KEY",
        name_en: "e-seal key, blank",
        fen: 18_000,
        per_van: 4,
    },
    Part {
        number: "USB-EXT",
        name: "USB延长线",
        name_en: "USB extension lead",
        fen: 1_500,
        per_van: 6,
    },
    Part {
        number: "USB-HUB",
        name: "带电源USB集线器",
        name_en: "powered USB hub",
        fen: 8_800,
        per_van: 2,
    },
    Part {
        number: "CAP-KEY",
        name: "KEY保护帽",
        name_en: "key cap",
        fen: 300,
        per_van: 10,
    },
    Part {
        number: "PSU-12V",
        name: "12V电源适配器",
        name_en: "12 V power supply",
        fen: 4_500,
        per_van: 3,
    },
    Part {
        number: "FUSE-1A",
        name: "保险丝1A",
        name_en: "fuse 1 A",
        fen: 120,
        per_van: 10,
    },
    Part {
        number: "RJ45-CAT6",
        name: "六类水晶头",
        name_en: "RJ45 plug, cat 6",
        fen: 80,
        per_van: 50,
    },
    Part {
        number: "CAM-BRKT",
        name: "摄像机支架",
        name_en: "camera bracket",
        fen: 3_200,
        per_van: 2,
    },
];

/// What a customer reports: (summary, category, product it is about).
pub const FAULTS: &[(&str, &str)] = &[
    ("插入KEY后电脑无反应，投标系统提示未检测到印章", "eseal_key"),
    ("KEY外壳开裂，USB接头松动，无法识别", "eseal_key"),
    ("签章时提示设备错误，换电脑后仍然失败", "eseal_key"),
    ("KEY进水，指示灯不亮", "eseal_key"),
    ("印章证书可见但签章失败，用户要求现场处理", "eseal_key"),
    ("摄像机夜间无图像，需现场检查", "camera"),
    ("门禁控制器刷卡无响应", "access-controller"),
    ("交换机端口频繁掉线", "switch"),
];
