//! A project that is saved and opened again plays the same notes.

use crate::studio::{assert_clean, blocks, bounce, each, heard, play_busily};
use end_to_end::create;
use rig::{HostError, Session};

fn two_cycles(session: &mut Session<'_>) -> Result<(), HostError> {
    session.transport().play();
    session.render_beats(16.0, blocks(700))?;
    session.transport().stop();
    session.render(64)
}

#[test]
fn a_saved_project_opens_to_the_same_notes() {
    each(|format| {
        let mut instance = create(format);
        let saved = bounce(&mut *instance, |session| {
            play_busily(session)?;
            session.set_text("X", "0.81")?;
            session.set_text("Y", "0.22")?;
            session.set_text("Swing", "60")?;
            two_cycles(session)
        });
        assert_clean(&saved, 30);
        let state = instance.save().expect("the plugin saves");

        let mut reopened = create(format);
        reopened.load(&state).expect("the plugin opens its own state");
        let opened = bounce(&mut *reopened, two_cycles);
        assert_eq!(heard(&opened), heard(&saved));
        for parameter in instance.parameters().to_vec() {
            let values = (instance.value(parameter.id), reopened.value(parameter.id));
            let values = (values.0.expect("a value"), values.1.expect("a value"));
            assert!((values.0 - values.1).abs() < 1e-6, "{} {values:?}", parameter.name);
        }
    });
}

#[test]
fn damaged_states_do_not_disturb_the_host() {
    each(|format| {
        let good = create(format).save().expect("the plugin saves");
        let mut states =
            vec![Vec::new(), b"junk".to_vec(), vec![0xff; 4096], good[..good.len() / 2].to_vec()];
        // Under CLAP the framework writes the length before the text.
        let (length, text) = good.split_at(good.iter().position(|&byte| byte == b'{').unwrap_or(0));
        let text = String::from_utf8_lossy(text).into_owned();
        for (from, to) in [
            ("\"params\"", "\"prams\""),
            ("0.5", "1e999"),
            ("0.5", "-7"),
            ("4711", "\"x\""),
            ("\"fields\"", "\"f\""),
        ] {
            let text = text.replacen(from, to, 1).into_bytes();
            let length = if length.is_empty() { vec![] } else { (text.len() as u64).to_le_bytes().to_vec() };
            states.push([length, text].concat());
        }
        for state in states {
            let mut instance = create(format);
            // Refused or taken: either way it plays on.
            let taken = instance.load(&state);
            let recording = bounce(&mut *instance, two_cycles);
            crate::studio::assert_no_faults(&recording);
            println!("{} bytes: {taken:?}, {} notes", state.len(), recording.notes.len());
        }
    });
}
