"""Every stage and every kind of run has its words."""

from panel.lifecycle.stages import KINDS, SHARED_STAGES, STAGES, TITLES


def test_every_stage_has_a_title_and_every_kind_a_name() -> None:
    stages = {stage for table in (STAGES, SHARED_STAGES) for names in table.values() for stage in names}

    assert stages == set(TITLES)
    assert set(KINDS) == set(STAGES)
    assert set(SHARED_STAGES) <= set(STAGES)


def test_the_review_comes_before_anything_is_changed() -> None:
    for table in (STAGES, SHARED_STAGES):
        for stages in table.values():
            for change in {"apply", "destroy"} & set(stages):
                assert stages.index("review") < stages.index(change)
