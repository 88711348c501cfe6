"""Planes are turned as far as points need, and no farther."""

import numpy as np
import pytest

from todacomm.explorer.alignment import planes, rotation_onto, turns_over_depth, unit_size


def turning(angle: float, mirrored: bool = False) -> np.ndarray:
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return turn @ np.diag([1.0, -1.0]) if mirrored else turn


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.0, 0.3, 2.0, np.pi])
def test_a_turned_cloud_is_turned_back(rng, angle, mirrored):
    cloud = unit_size(rng.normal(size=(80, 2)))
    moved = cloud @ turning(angle, mirrored)
    np.testing.assert_allclose(moved @ rotation_onto(moved, cloud), cloud, atol=1e-12)


def test_no_other_turn_brings_points_nearer(rng):
    moving, fixed = unit_size(rng.normal(size=(60, 2))), unit_size(rng.normal(size=(60, 2)))
    best = np.square(moving @ rotation_onto(moving, fixed) - fixed).sum()
    others = [turning(angle, flip) for angle in np.linspace(0, 2 * np.pi, 181) for flip in (False, True)]
    assert best <= min(np.square(moving @ other - fixed).sum() for other in others) + 1e-12


def test_turns_are_orthogonal(rng):
    layers = [rng.normal(size=(40, 4)) for _ in range(5)]
    for turn in np.concatenate(turns_over_depth(layers)):
        np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-12)


def test_a_layer_that_is_only_turned_moved_and_scaled_does_not_move(rng):
    first = rng.normal(size=(50, 2))
    second = 7.0 * first @ turning(1.1, mirrored=True) + 3.0
    turns = turns_over_depth([first, second])
    np.testing.assert_allclose(turns[0][0], np.eye(2))
    np.testing.assert_allclose(unit_size(second) @ turns[1][0], unit_size(first), atol=1e-12)


def test_a_layer_that_is_not_finite_is_looked_past(rng):
    first = rng.normal(size=(30, 2))
    turned = first @ turning(2.5)
    turns = turns_over_depth([first, np.full((30, 2), np.nan), turned])
    np.testing.assert_allclose(turns[1][0], np.eye(2))
    np.testing.assert_allclose(unit_size(turned) @ turns[2][0], unit_size(first), atol=1e-12)


def test_every_plane_has_its_own_turn(rng):
    layers = [rng.normal(size=(30, 4)) for _ in range(2)]
    turns = turns_over_depth(layers)[1]
    for plane, pair in enumerate(planes(4)):
        flat = [[layer[:, pair]] for layer in layers]
        np.testing.assert_allclose(turns[plane], turns_over_depth([flat[0][0], flat[1][0]])[1][0], atol=1e-12)


def test_points_in_one_place_have_no_size():
    assert not unit_size(np.ones((5, 2))).any()
