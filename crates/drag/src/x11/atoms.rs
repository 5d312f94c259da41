//! The names of the protocol.

#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the macro gives its fields neither docs nor narrower visibility"
)]

x11rb::atom_manager! {
    pub Atoms:
    AtomsCookie {
        XdndAware,
        XdndSelection,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TARGETS,
        UriList: b"text/uri-list",
        BeatfieldTime: b"_BEATFIELD_TIME",
    }
}
