//! The templates: one struct a page. What they show is in [`super::model`], how they look in `static/app.css`.

use askama::Template;

use super::model::{
    After, Board, Conflicts, CountSheet, CustomerPage, Customers, Devices, Frame, Here, Import, NewOrder,
    OrderPage, Proof, Retention, Stock, StockReport, TicketPage, Tickets, Tone, Users,
};

macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident($file:literal) { $($field:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Template)]
        #[template(path = $file)]
        pub struct $name<'a> {
            /// Everything around the content.
            pub f: &'a Frame,
            $(#[doc = concat!("`", stringify!($field), "` of the page.")] pub $field: $type,)*
        }
    )*};
}

pages! {
    /// Login.
    LoginView("login.html") { login: &'a str }
    /// Setting a password at a one-time link.
    SetupView("setup.html") { action: &'a str, name: &'a str, password: bool }
    /// The board.
    BoardView("board.html") { board: &'a Board }
    /// Tickets.
    TicketsView("tickets.html") { tickets: &'a Tickets }
    /// Callbacks and improvements.
    AfterView("after.html") { after: &'a After }
    /// One ticket.
    TicketView("ticket.html") { o: &'a TicketPage }
    /// A new ticket with its order.
    NewOrderView("order_new.html") { form: &'a NewOrder }
    /// One order.
    OrderView("order.html") { o: &'a OrderPage }
    /// Conflicts of all orders.
    ConflictsView("conflicts.html") { list: &'a Conflicts }
    /// Until when closed tickets are kept.
    RetentionView("retention.html") { retention: &'a Retention }
    /// Users.
    UsersView("users.html") { users: &'a Users }
    /// Devices.
    DevicesView("devices.html") { devices: &'a Devices }
    /// Customers.
    CustomersView("customers.html") { customers: &'a Customers }
    /// One customer.
    CustomerView("customer.html") { c: &'a CustomerPage }
    /// Master data as tables.
    ImportView("import.html") { form: &'a Import }
    /// Stock.
    StockView("stock.html") { stock: &'a Stock }
    /// What went through engineers' hands in a period.
    StockReportView("stock_report.html") { report: &'a StockReport }
    /// A sheet to count a place by.
    CountSheetView("count.html") { sheet: &'a CountSheet }
    /// Something went wrong, and what to do.
    ErrorView("error.html") { heading: &'a str, text: &'a str }
}
