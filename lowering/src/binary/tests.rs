use proptest::prelude::*;

use super::{BinaryError, decode, encode};
use crate::text;

const TEXT: &str = r#"
function m:f function (obj, int) -> f64 {
block0(v0: obj[builtins:list], v1: int):
    v2: obj = list.get v0, v1 @3..9:2
    v3: f64 = unbox v2, builtins:float argument f "x y"
    v4: bool = int.truth v1
    branch v4, block1(v3), block2
block1(v5: f64):
    return v5
block2 cold:
    v6: obj = const.obj ("a", 1.5, b"\x00", big 99999999999999999999,)
    v7: f64 = const.float 2.5
    jump block1(v7)
}
"#;

#[test]
fn round_trip() {
    let function = text::parse(TEXT).unwrap();
    assert_eq!(decode(&encode(&function)).unwrap(), function);
}

#[test]
fn other_data_is_refused() {
    let bytes = encode(&text::parse(TEXT).unwrap());
    assert_eq!(decode(b""), Err(BinaryError::NotBytecode));
    assert_eq!(decode(&[0; 40]), Err(BinaryError::NotBytecode));
    let mut other = bytes.clone();
    other[4] ^= 1;
    assert_eq!(decode(&other), Err(BinaryError::Version));
    assert_eq!(decode(&bytes[..bytes.len() - 1]), Err(BinaryError::Damaged));
}

proptest! {
    /// Any damage is found, and nothing panics, with the checksum made right too.
    #[test]
    fn damage_is_found(at in 16usize..300, flip in 1u8.., fix in any::<bool>()) {
        let mut bytes = encode(&text::parse(TEXT).unwrap());
        let at = 16 + (at - 16) % (bytes.len() - 16);
        bytes[at] ^= flip;
        if fix {
            let sum = super::checksum(&bytes[16..]).to_le_bytes();
            bytes[8..16].copy_from_slice(&sum);
            let _ = decode(&bytes);
        } else {
            prop_assert_eq!(decode(&bytes), Err(BinaryError::Damaged));
        }
    }

    #[test]
    fn noise_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }
}
