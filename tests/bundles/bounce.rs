//! Offline rendering: a bounce is what one hears live, and it is the same each time.

use crate::studio::{assert_clean, blocks, bounce, each_format, heard, play_busily, plays_live};
use rig::{HostError, Session};

/// Two bars while X, Y and the temperature move in every block.
fn moving(session: &mut Session<'_>) -> Result<(), HostError> {
    play_busily(session)?;
    let names = ["X", "Y", "Temperature"];
    let [x, y, temperature] = names.map(|name| session.instance().parameter(name));
    let (x, y, temperature) = (x?, y?, temperature?);
    session.transport().play();
    for block in 0..800 {
        let part = f64::from(block) / 800.0;
        session.set(x, part);
        session.set(y, (part * 19.0).sin() * 0.5 + 0.5);
        session.set(temperature, part * 0.6);
        session.render(480)?;
    }
    session.transport().stop();
    session.render(480)
}

#[test]
fn two_bounces_with_moving_automation_are_identical() {
    each_format(|instance| {
        let first = bounce(instance, moving);
        assert_clean(&first, 30);
        assert_eq!(bounce(instance, moving), first);
    });
}

/// Two bars from the start, at a place that every call sets.
fn two_bars(session: &mut Session<'_>) -> Result<(), HostError> {
    session.transport().stop();
    session.transport().seek(0.0);
    play_busily(session)?;
    session.set_text("X", "0.3")?;
    session.set_text("Y", "0.7")?;
    session.render(480)?;
    session.transport().play();
    session.render_beats(8.0, blocks(480))?;
    session.transport().stop();
    session.render(480)
}

#[test]
fn a_bounce_is_what_plays_live_with_the_puck_at_rest() {
    each_format(|instance| {
        let bounced = bounce(instance, two_bars);
        assert_clean(&bounced, 20);
        plays_live(instance, two_bars, &bounced);
        // Live, offline, live again: each time the plugin believes what the host says now.
        assert_eq!(heard(&bounce(instance, two_bars)), heard(&bounced));
        plays_live(instance, two_bars, &bounced);
    });
}
