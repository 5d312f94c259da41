//! A host that passes every parameter change on at once and writes down what it saw.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{PluginApi, PluginState};

/// What a host sees of a gesture, with the parameter's name.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Begin(String),
    Set(String, f32),
    End(String),
}

#[derive(Default)]
pub(super) struct TestHost {
    seen: Mutex<Vec<Seen>>,
    gone: AtomicBool,
}

impl TestHost {
    pub(super) fn context(host: &Arc<Self>) -> GuiContext {
        GuiContext::new(Arc::new(Self::ears(host)))
    }

    pub(super) fn ears(host: &Arc<Self>) -> Ears {
        Ears(host.clone())
    }

    /// From now on every call panics, as the framework's do once the instance is gone.
    pub(super) fn goes(&self) {
        self.gone.store(true, Ordering::Relaxed);
    }

    /// What was seen since this was last asked.
    pub(super) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The gestures since this was last asked, by parameter, in the order of their ends; every one must be
    /// begun once, set in between, and ended once.
    pub(super) fn gestures(&self) -> Vec<String> {
        let (mut open, mut done) = (Vec::new(), Vec::new());
        for seen in self.take() {
            match seen {
                Seen::Begin(name) => {
                    assert!(!open.contains(&name), "{name} was begun twice");
                    open.push(name);
                }
                Seen::Set(name, _) => assert!(open.contains(&name), "{name} was set outside a gesture"),
                Seen::End(name) => {
                    let at = open.iter().position(|other| *other == name);
                    open.remove(at.unwrap_or_else(|| panic!("{name} ended without a beginning")));
                    done.push(name);
                }
            }
        }
        assert_eq!(open, Vec::<String>::new(), "gestures were left open");
        done
    }

    fn note(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

/// The host as the window calls it.
pub(super) struct Ears(Arc<TestHost>);

#[allow(unsafe_code, reason = "the framework's interface of a host is unsafe")]
impl GuiContextInner for Ears {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        // SAFETY: the tests keep the parameters alive as long as the window.
        self.0.note(Seen::Begin(unsafe { param.name() }.to_owned()));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        // SAFETY: as above.
        unsafe {
            param._internal_set_normalized_value(normalized);
            self.0.note(Seen::Set(param.name().to_owned(), normalized));
        }
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        assert!(!self.0.gone.load(Ordering::Relaxed), "the instance is gone");
        // SAFETY: as above.
        self.0.note(Seen::End(unsafe { param.name() }.to_owned()));
    }

    fn get_state(&self) -> PluginState {
        PluginState {
            version: String::new(),
            params: std::collections::BTreeMap::new(),
            fields: std::collections::BTreeMap::new(),
        }
    }

    fn set_state(&self, _state: PluginState) {}

    fn request_restart(&self) {}
}
