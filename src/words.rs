//! One style for the words by which enums are stored, sent and named in addresses.

/// Gives an enum, for which strum derives `IntoStaticStr` and `EnumString`, the two functions that all of them have.
macro_rules! words {
    ($name:ident) => {
        impl $name {
            /// The word for it that is stored, sent and read.
            pub fn as_str(self) -> &'static str {
                self.into()
            }

            /// Reads that word.
            pub fn parse(word: &str) -> Option<Self> {
                word.parse().ok()
            }
        }
    };
}
