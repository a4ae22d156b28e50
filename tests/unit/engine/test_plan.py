"""Plans as values: actions, counts, attribute differences, nothing sensitive."""

import copy
import json

import pytest

from panel.engine.plan import mask_plan, parse_plan
from panel.errors import ConfigurationError
from panel.masking import Masker


def change(actions, before=None, after=None, **more):
    return {"actions": actions, "before": before, "after": after, "after_unknown": {}, **more}


def item(address, body, **more):
    kind, name = address.rsplit(".", 2)[-2:]
    return {"address": address, "mode": "managed", "type": kind, "name": name, "change": body, **more}


def plan(*changes, **more):
    return {
        "format_version": "1.2",
        "terraform_version": "1.15.5",
        "resource_changes": list(changes),
        **more,
    }


def only(document):
    (result,) = parse_plan(document).changes
    return result


@pytest.mark.parametrize(
    ("actions", "more", "expected"),
    [
        (["no-op"], {}, "no-op"),
        (["create"], {}, "create"),
        (["update"], {}, "update"),
        (["delete"], {}, "delete"),
        (["delete", "create"], {}, "replace"),
        (["create", "delete"], {}, "replace"),
        (["forget"], {}, "forget"),
        (["no-op"], {"previous_address": "aws_a.old"}, "move"),
    ],
)
def test_actions_have_one_name_each(actions, more, expected):
    assert only(plan(item("aws_a.b", change(actions), **more))).action == expected


def test_an_import_is_named_and_counted():
    summary = parse_plan(plan(item("aws_a.b", change(["no-op"], importing={"id": "i-1"}))))
    assert summary.changes[0].action == "import"
    assert summary.changes[0].import_id == "i-1"
    assert summary.counts.imported == 1


def test_counts_are_terraforms():
    summary = parse_plan(
        plan(
            item("aws_a.create", change(["create"], None, {"x": 1})),
            item("aws_a.update", change(["update"], {"x": 1}, {"x": 2})),
            item("aws_a.replace", change(["delete", "create"], {"x": 1}, {"x": 2})),
            item("aws_a.delete", change(["delete"], {"x": 1}, None)),
            item("aws_a.same", change(["no-op"], {"x": 1}, {"x": 1})),
            item("data.aws_a.read", change(["read"], None, {"x": 1})) | {"mode": "data"},
        )
    )
    assert (summary.add, summary.change, summary.destroy) == (2, 1, 2)
    assert [resource.name for resource in summary.effective] == ["create", "update", "replace", "delete"]
    assert summary.has_changes


def test_only_what_differs_is_listed():
    body = change(
        ["update"],
        {"name": "a", "size": 1, "tags": {"Owner": "x", "Env": "y"}, "ports": [1, 2], "gone": "z"},
        {"name": "a", "size": 2, "tags": {"Owner": "x", "Env": "w"}, "ports": [1, 3], "gone": None},
    )
    found = {part.path: (part.before, part.after) for part in only(plan(item("aws_a.b", body))).attributes}
    assert found == {"gone": ("z", None), "ports": ([1, 2], [1, 3]), "size": (1, 2), "tags.Env": ("y", "w")}


def test_blocks_are_compared_one_by_one():
    body = change(
        ["update"], {"ingress": [{"port": 80}, {"port": 443}]}, {"ingress": [{"port": 80}, {"port": 8443}]}
    )
    (part,) = only(plan(item("aws_a.b", body))).attributes
    assert (part.path, part.before, part.after) == ("ingress[1].port", 443, 8443)


def test_unknown_values_are_marked_and_never_shown_as_removed():
    body = change(["update"], {"arn": "old", "name": "a"}, {"name": "a"}, after_unknown={"arn": True})
    (part,) = only(plan(item("aws_a.b", body))).attributes
    assert (part.path, part.before, part.after, part.known) == ("arn", "old", None, False)


def test_the_attribute_that_forces_a_replacement_is_marked():
    body = change(
        ["delete", "create"],
        {"subnet": "a", "tags": {}, "rule": [{"cidr": "x"}]},
        {"subnet": "b", "tags": {"x": "y"}, "rule": [{"cidr": "z"}]},
        replace_paths=[["subnet"], ["rule", 0, "cidr"]],
    )
    resource = only(plan(item("module.m.aws_a.b", body, module_address="module.m")))
    assert resource.module == "module.m"
    assert resource.replace_paths == ("subnet", "rule[0].cidr")
    assert [(part.path, part.forces_replacement) for part in resource.attributes] == [
        ("rule[0].cidr", True),
        ("subnet", True),
        ("tags.x", False),
    ]


SECRETS = plan(
    item(
        "aws_a.b",
        change(
            ["update"],
            {
                "password": "canary-1",
                "same": "canary-2",
                "nested": {"a": "canary-3", "b": 1},
                "was": "canary-7",
            },
            {
                "password": "canary-4",
                "same": "canary-2",
                "nested": {"a": "canary-5", "b": 2},
                "was": "canary-8",
            },
            before_sensitive={"password": True, "same": True, "nested": {"a": True}, "was": True},
            after_sensitive={"password": True, "same": True, "nested": {"a": True}},
        ),
    ),
    output_changes={
        "key": change(["update"], "canary-6", "canary-7", before_sensitive=True, after_sensitive=True),
        "url": change(["create"], None, "http://x", before_sensitive=False, after_sensitive=False),
    },
    variables={"key": {"value": "canary-9"}, "name": {"value": "plain"}},
    configuration={"root_module": {"variables": {"key": {"sensitive": True}, "name": {}}}},
    planned_values={
        "outputs": {"key": {"sensitive": True, "value": "canary-1"}},
        "root_module": {
            "resources": [{"values": {"p": "canary-1", "q": 1}, "sensitive_values": {"p": True}}],
            "child_modules": [
                {"resources": [{"values": {"p": ["canary-1"]}, "sensitive_values": {"p": [True]}}]}
            ],
        },
    },
    prior_state={
        "values": {
            "root_module": {"resources": [{"values": {"p": "canary"}, "sensitive_values": {"p": True}}]}
        }
    },
)


def test_a_masked_plan_holds_no_secret_and_keeps_the_rest():
    masked = mask_plan(SECRETS)
    text = json.dumps(masked)
    assert "canary-8" in text, "the value that is not marked any more is the new, public one"
    assert text.count("canary") == 1
    assert masked["variables"] == {"key": {"value": "(sensitive)"}, "name": {"value": "plain"}}
    assert masked["planned_values"]["root_module"]["resources"][0]["values"] == {"p": "(sensitive)", "q": 1}


def test_a_summary_holds_no_secret_and_tells_which_secrets_change():
    summary = parse_plan(SECRETS)
    assert "canary" not in repr(summary.changes[0].attributes) + repr(summary.outputs)
    assert [(part.path, part.sensitive) for part in summary.changes[0].attributes] == [
        ("nested.a", True),
        ("nested.b", False),
        ("password", True),
        ("was", True),
    ]
    assert {output.name: output.after for output in summary.outputs} == {
        "key": "(sensitive)",
        "url": "http://x",
    }


def test_masking_first_gives_the_same_summary():
    masked = mask_plan(SECRETS)
    assert parse_plan(masked).changes[0].attributes == parse_plan(SECRETS).changes[0].attributes
    assert parse_plan(masked).digest == parse_plan(SECRETS).digest
    assert mask_plan(masked) == masked


def test_the_digest_tells_plans_apart():
    first = plan(item("aws_a.b", change(["update"], {"x": 1}, {"x": 2})))
    second = copy.deepcopy(first)
    second["resource_changes"][0]["change"]["after"]["x"] = 3
    assert parse_plan(first).digest == parse_plan(copy.deepcopy(first)).digest
    assert parse_plan(first).digest != parse_plan(second).digest


def test_drift_without_a_difference_is_left_out():
    document = plan(
        resource_drift=[
            item("aws_a.b", change(["update"], {"tags": None}, {"tags": {}})),
            item("aws_a.c", change(["update"], {"size": 1}, {"size": 2})),
            item("aws_a.d", change(["delete"], {"size": 1}, None)),
        ]
    )
    assert [resource.name for resource in parse_plan(document).drift] == ["c", "d"]


def test_drift_that_matters_is_what_the_plan_would_undo():
    learned = item("aws_a.learned", change(["update"], {"rules": []}, {"rules": ["made beside it"]}))
    resized = item("aws_a.resized", change(["update"], {"size": 1}, {"size": 2}))
    deleted = item("aws_a.deleted", change(["delete"], {"size": 1}, None))
    document = plan(
        item(
            "aws_a.learned", change(["no-op"], {"rules": ["made beside it"]}, {"rules": ["made beside it"]})
        ),
        item("aws_a.resized", change(["update"], {"size": 2}, {"size": 1})),
        item("aws_a.deleted", change(["create"], None, {"size": 1})),
        item("aws_a.wanted", change(["create"], None, {"size": 1})),
        resource_drift=[learned, resized, deleted],
    )
    summary = parse_plan(document)
    assert [resource.name for resource in summary.drift] == ["learned", "resized", "deleted"]
    assert [resource.name for resource in summary.drifted] == ["resized", "deleted"]


def test_output_changes_alone_are_a_change():
    document = plan(output_changes={"url": change(["create"], None, None, after_unknown=True)})
    summary = parse_plan(document)
    assert summary.has_changes
    assert not summary.outputs[0].known


@pytest.mark.parametrize("document", [{}, {"format_version": "2.0", "resource_changes": []}, {"version": 4}])
def test_something_else_is_no_plan(document):
    with pytest.raises(ConfigurationError, match="not a Terraform plan"):
        parse_plan(document)


PARTLY = plan(
    item(
        "aws_a.b",
        change(
            ["update"],
            {"names": ["canary-1", "x"], "was": ["canary-2", "y"], "tags": {"list": [["canary-3"]]}},
            {"names": ["canary-4", "x"], "was": ["canary-2", "z"], "tags": {"list": [["canary-5"]]}},
            before_sensitive={"names": [True], "was": [True, False], "tags": {"list": [[True]]}},
            after_sensitive={"names": [True], "tags": {"list": [[True]]}},
        ),
    ),
    output_changes={
        "shown_now": change(["update"], "canary-6", "canary-6", before_sensitive=True, after_sensitive=False),
        "inside": change(
            ["update"], {"a": "canary-7", "b": 1}, {"a": "canary-8", "b": 2}, before_sensitive={"a": True}
        ),
    },
)


def test_a_secret_inside_a_list_stays_one_on_both_sides():
    summary = parse_plan(PARTLY)
    assert "canary" not in repr(summary.changes[0].attributes) + repr(summary.outputs)
    found = {part.path: (part.before, part.after) for part in summary.changes[0].attributes}
    assert found["was"] == (["(sensitive)", "y"], ["(sensitive)", "z"])
    outputs = {output.name: (output.before, output.after) for output in summary.outputs}
    assert outputs == {
        "shown_now": ("(sensitive)", "(sensitive)"),
        "inside": ({"a": "(sensitive)", "b": 1}, {"a": "(sensitive)", "b": 2}),
    }


def test_a_secret_inside_a_list_is_known_to_change_after_masking():
    masked = parse_plan(mask_plan(PARTLY)).changes[0].attributes
    assert [part.path for part in masked] == ["names", "tags.list", "was"]


def test_an_output_known_in_part_is_not_known():
    document = plan(
        output_changes={
            "all": change(["create"], None, {"a": 1}, after_unknown={}),
            "part": change(["create"], None, {"a": 1}, after_unknown={"b": True}),
        }
    )
    found = {output.name: (output.known, output.after) for output in parse_plan(document).outputs}
    assert found == {"all": (True, {"a": 1}), "part": (False, None)}


REPEATED = plan(
    item(
        "terraform_data.b",
        change(
            ["update"],
            {
                "input": ["canary-one-1"],
                "output": 'x {"a": "canary-one-1"} x',
                "url": "http://u:canary-two-2@h",
            },
            {
                "input": ["canary-two-2"],
                "output": 'x {"a": "canary-two-2"} x',
                "url": "http://u:canary-two-2@h",
            },
            before_sensitive={"input": [True]},
            after_sensitive={"input": [True]},
        ),
    ),
    item("aws_a.vpc", change(["create"], None, {"id": "vpc-0123456789", "text": "canary-two-2"})),
    item(
        "aws_ssm_parameter.vpc",
        change(["create"], None, {"value": "vpc-0123456789"}, after_sensitive={"value": True}),
    ),
    output_changes={"all": change(["create"], None, {"where": "at canary-two-2"})},
    variables={"key": {"value": "canary-two-2"}},
    configuration={"root_module": {"variables": {"key": {"sensitive": True, "default": "canary-two-2"}}}},
)


def test_a_secret_that_the_provider_repeats_unmarked_is_hidden_there_too():
    for document in (REPEATED, mask_plan(REPEATED)):
        summary = parse_plan(document)
        assert "canary" not in repr(summary)
        updated, vpc, parameter = summary.changes
        found = {part.path: (part.before, part.after) for part in updated.attributes}
        assert found["output"] == ('x {"a": "(sensitive)"} x',) * 2, "it differs, in what is not shown"
        assert "url" not in found
        assert vpc.after == {"id": "vpc-0123456789", "text": "(sensitive)"}, (
            "marked elsewhere, no secret here"
        )
        assert parameter.after == {"value": "(sensitive)"}
    assert "canary" not in json.dumps(mask_plan(REPEATED))


def test_what_differs_only_in_what_looks_like_a_credential_is_known_to_differ():
    first, second = ({"user_data": f"password=canary-{word}"} for word in ("one", "two"))
    masked = mask_plan(plan(item("aws_a.b", change(["update"], first, second))), Masker())
    assert "canary" not in json.dumps(masked)
    assert [part.path for part in parse_plan(masked).changes[0].attributes] == ["user_data"]


def test_what_is_forgotten_changes_nothing():
    forgotten = only(plan(item("aws_a.b", change(["forget"], {"x": 1}, None))))
    assert (forgotten.action, forgotten.attributes) == ("forget", ())
