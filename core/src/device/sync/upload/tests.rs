//! Against a model of the server: requests and answers are dropped, doubled, cut anywhere.

use super::*;

const SIZE: u64 = 400_000;

/// What a server does: keeps whatever arrived, forgets nothing unless told to.
#[derive(Default)]
struct Server {
    part: Option<u64>,
    row: Option<u64>,
    received: u64,
    requests: u32,
}

impl Server {
    fn standing(&self, status: u16) -> Heard {
        Heard {
            status,
            offset: self.part,
            length: Some(SIZE),
            row: self.row,
            code: None,
        }
    }

    /// Of the body only `arrives` bytes come through.
    fn hears(&mut self, ask: Ask, arrives: u64) -> Heard {
        self.requests += 1;
        let problem = |status, code| Heard {
            status,
            code: Some(code),
            ..Heard::default()
        };
        let (from, length) = ask.bytes();
        match ask {
            Ask::Where if self.part.is_none() => return problem(404, ProblemCode::NotFound),
            Ask::Where => return self.standing(200),
            Ask::Create { .. } if self.part.is_some() => return self.standing(201),
            Ask::Create { length, .. } => {
                assert_eq!(length, SIZE);
                self.part = Some(0);
            }
            Ask::Send { .. } if self.part.is_none() => return problem(404, ProblemCode::NotFound),
            Ask::Send { .. } if self.part != Some(from) => {
                return Heard {
                    offset: self.part,
                    ..problem(409, ProblemCode::WrongOffset)
                };
            }
            Ask::Send { .. } => {}
        }
        let arrived = length.min(arrives);
        self.received += arrived;
        self.part = Some(from + arrived);
        if self.part == Some(SIZE) {
            self.row.get_or_insert(77);
        }
        self.standing(match ask {
            Ask::Create { .. } => 201,
            _ => 204,
        })
    }
}

fn ask(upload: &mut Upload, pace: &Pace) -> (u64, Ask) {
    match upload.next(pace) {
        Next::Ask { number, ask } => (number, ask),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_line_needs_no_question_and_ends_with_the_receipt() {
    let (mut server, mut upload, mut pace) = (Server::default(), Upload::begin(SIZE, None), Pace::default());
    while let Next::Ask { number, ask } = upload.next(&pace) {
        let heard = server.hears(ask, u64::MAX);
        upload.answered(number, heard);
        pace.took(100);
    }
    assert_eq!(upload.next(&pace), Next::Done { row: 77 });
    assert_eq!((server.received, server.requests), (SIZE, 2));
    assert_eq!(pace.piece(), PIECE_MAX);
}

#[test]
fn s9_cut_at_every_percent_goes_on_where_it_was_and_sends_nothing_twice() {
    for percent in 1..100 {
        let (mut server, mut upload, mut pace) =
            (Server::default(), Upload::begin(SIZE, None), Pace::default());
        let mut left = Some(SIZE * percent / 100);
        while let Next::Ask { number, ask } = upload.next(&pace) {
            let (_, length) = ask.bytes();
            match left {
                Some(until) if until < length => {
                    server.hears(ask, until);
                    left = None;
                    upload.failed(number, Fault::Code(FaultCode::Cut), &mut pace);
                }
                _ => {
                    left = left.map(|until| until - length);
                    let heard = server.hears(ask, u64::MAX);
                    upload.answered(number, heard);
                }
            }
        }
        assert_eq!(upload.next(&pace), Next::Done { row: 77 }, "{percent} %");
        assert_eq!(server.received, SIZE);
        assert!(server.requests <= 8, "{} at {percent} %", server.requests);
    }
}

#[test]
fn s9_lost_doubled_and_late_answers_end_in_one_receipt_or_in_a_later_try() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for _ in 0..2_000 {
        let mut server = Server::default();
        let mut pace = Pace::default();
        let mut sent = None;
        // Each sync begins where the last one's answers ended; in the end the line is good.
        for sync in 0.. {
            let mut upload = Upload::begin(SIZE, sent);
            let bad = sync < 20;
            let mut late: Vec<(u64, Heard)> = Vec::new();
            let outcome = loop {
                let Next::Ask { number, ask } = upload.next(&pace) else {
                    break upload.next(&pace);
                };
                if let Some((old, heard)) = late.pop() {
                    upload.answered(old, heard);
                }
                match random(if bad { 6 } else { 1 }) {
                    // Lost on the way.
                    1 => upload.failed(number, Fault::Code(FaultCode::Cut), &mut pace),
                    // The answer is lost, or comes when nobody waits for it.
                    2 => {
                        let heard = server.hears(ask, u64::MAX);
                        upload.failed(number, Fault::Code(FaultCode::TimedOut), &mut pace);
                        late.push((number, heard));
                    }
                    // Cut in the middle.
                    3 => {
                        server.hears(ask, random(300_000));
                        upload.failed(number, Fault::Code(FaultCode::Cut), &mut pace);
                    }
                    // Delivered twice; the second answer counts for nothing.
                    4 => {
                        let heard = server.hears(ask, u64::MAX);
                        let again = server.hears(ask, u64::MAX);
                        upload.answered(number, heard);
                        upload.answered(number, again);
                    }
                    _ => {
                        let heard = server.hears(ask, u64::MAX);
                        upload.answered(number, heard);
                    }
                }
            };
            sent = upload.sent();
            // Never more than is there.
            assert!(sent <= server.part);
            match outcome {
                Next::Done { row } => {
                    assert_eq!((row, server.part), (77, Some(SIZE)));
                    break;
                }
                Next::Stop { fault, lane } => {
                    assert!(bad, "{fault:?} on a good line");
                    assert!(lane);
                }
                Next::Ask { .. } => panic!("unfinished"),
            }
        }
        assert_eq!(server.received, SIZE, "every byte arrived once");
    }
}

#[test]
fn thrown_away_bytes_are_sent_again_but_not_for_ever() {
    let (mut upload, pace) = (Upload::begin(SIZE, None), Pace::default());
    let heard = |status, code| Heard {
        status,
        code,
        ..Heard::default()
    };
    for _ in 0..=RESTARTS_MAX {
        let (number, create) = ask(&mut upload, &pace);
        assert!(matches!(create, Ask::Create { .. }));
        let created = Heard {
            offset: Some(PIECE_FIRST),
            ..heard(201, None)
        };
        upload.answered(number, created);
        let (number, send) = ask(&mut upload, &pace);
        assert!(matches!(
            send,
            Ask::Send {
                from: PIECE_FIRST,
                ..
            }
        ));
        upload.answered(number, heard(460, Some(ProblemCode::WrongHash)));
    }
    let fault = Fault::Problem {
        status: 460,
        code: Some(ProblemCode::WrongHash),
    };
    assert_eq!(upload.next(&pace), Next::Stop { fault, lane: false });
}

#[test]
fn what_concerns_one_photo_lets_the_others_go_on() {
    for (status, code, lane) in [
        (404, Some(ProblemCode::NotNamed), false),
        (413, Some(ProblemCode::TooLarge), false),
        (413, Some(ProblemCode::OverQuota), true),
        (423, Some(ProblemCode::UploadBusy), false),
        (401, Some(ProblemCode::WrongToken), true),
        (403, Some(ProblemCode::Revoked), true),
        (503, None, true),
        (302, None, true),
    ] {
        let (mut upload, pace) = (Upload::begin(SIZE, None), Pace::default());
        let (number, _) = ask(&mut upload, &pace);
        upload.answered(
            number,
            Heard {
                status,
                code,
                ..Heard::default()
            },
        );
        let fault = Fault::Problem { status, code };
        assert_eq!(upload.next(&pace), Next::Stop { fault, lane }, "{status}");
    }
}

#[test]
fn an_answer_that_cannot_be_is_no_progress() {
    for heard in [
        // More than there is; another length; nothing new; the end without a receipt; no offset.
        (204, Some(SIZE + 1), None),
        (204, Some(300_000), Some(SIZE - 1)),
        (204, Some(100), None),
        (204, Some(SIZE), None),
        (204, None, None),
    ] {
        let (mut upload, pace) = (Upload::begin(SIZE, Some(100)), Pace::default());
        let (number, where_) = ask(&mut upload, &pace);
        assert_eq!(where_, Ask::Where);
        let at = Heard {
            status: 200,
            offset: Some(100),
            ..Heard::default()
        };
        upload.answered(number, at);
        let (number, _) = ask(&mut upload, &pace);
        let (status, offset, length) = heard;
        upload.answered(
            number,
            Heard {
                status,
                offset,
                length,
                ..Heard::default()
            },
        );
        let fault = Fault::Code(FaultCode::BadAnswer);
        assert_eq!(upload.next(&pace), Next::Stop { fault, lane: true }, "{heard:?}");
    }
}
