use super::Locals;

fn of(locals: &[usize]) -> Locals {
    let mut all = Locals::default();
    for local in locals {
        all.set(*local, true);
    }
    all
}

#[test]
fn locals_are_put_in_and_taken_out() {
    let mut some = of(&[0, 63, 64, 200]);
    assert!(some.has(63) && some.has(64) && some.has(200));
    assert!(!some.has(1) && !some.has(1000));
    some.set(64, false);
    some.set(5000, false);
    assert_eq!(some, of(&[0, 63, 200]));
}

#[test]
fn the_first_are_those_before_a_count() {
    for count in [0, 1, 63, 64, 65, 128, 129] {
        let first = Locals::first(count);
        assert!((0..200).all(|i| first.has(i) == (i < count)), "{count}");
        let mut cut = Locals::first(300);
        cut.truncate(count);
        assert_eq!(cut, first, "{count}");
    }
}

#[test]
fn sets_are_joined_at_any_length() {
    let (short, long) = (of(&[1, 70]), of(&[1, 2, 70, 300]));
    assert_eq!(short.and(&long), of(&[1, 70]));
    assert_eq!(long.and(&short), of(&[1, 70]));
    assert_eq!(short.or(&long), long);
    assert_eq!(short.followed_by(&long, 2), of(&[1, 2, 70, 300]));
    assert_eq!(long.followed_by(&short, 71), of(&[1, 2, 70]));
    assert_eq!(long.followed_by(&Locals::default(), 64), of(&[1, 2]));
}
