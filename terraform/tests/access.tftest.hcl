# Roles and certificates.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "a_role_past_64_characters_is_shortened_and_stays_one_of_a_kind" {
  command = plan
  module {
    source = "./modules/iam_role"
  }
  variables {
    name                     = "a-role-whose-name-is-far-too-long-for-iam-which-takes-sixty-four-characters"
    description              = "Instances of nothing in particular."
    create_instance_profile  = true
    permissions_boundary_arn = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = length(aws_iam_role.this.name) == 64 && startswith(aws_iam_role.this.name, "a-role-whose-name-is-far-too-long-for-iam-which-takes-s")
    error_message = "The name keeps its beginning and fits IAM: ${aws_iam_role.this.name}"
  }

  assert {
    condition     = endswith(aws_iam_role.this.name, substr(sha256(var.name), 0, 8)) && aws_iam_instance_profile.this[0].name == aws_iam_role.this.name
    error_message = "The name ends in a digest of the whole."
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    error_message = "The boundary has to reach the role."
  }
}

run "iam_role_refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/iam_role"
  }
  variables {
    name                     = "a role"
    description              = ""
    trusted_service          = "123456789012"
    trust_conditions         = { StringEquals = {} }
    managed_policy_arns      = { read-only = "ReadOnlyAccess" }
    inline_policies          = { "a policy" = "{\"Statement\": []}" }
    permissions_boundary_arn = "boundary"
  }
  expect_failures = [
    var.name, var.description, var.trusted_service, var.trust_conditions, var.managed_policy_arns, var.inline_policies,
    var.permissions_boundary_arn,
  ]
}

run "iam_role_refuses_a_policy_that_is_no_document" {
  command = plan
  module {
    source = "./modules/iam_role"
  }
  variables {
    name            = "todo"
    description     = "A role."
    inline_policies = { read = "s3:GetObject" }
  }
  expect_failures = [var.inline_policies]
}

run "certificate_records_go_to_the_zone_of_their_name" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names           = ["todo.example.com", "todo.example.org"]
    domain_name_by_zone_id = { Z0COM = ["todo.example.com"], Z0ORG = ["todo.example.org"] }
  }

  assert {
    condition = { for name, record in aws_route53_record.validation : name => record.zone_id } == {
      "todo.example.com" = "Z0COM"
      "todo.example.org" = "Z0ORG"
    }
    error_message = "Each name is proved in its own zone."
  }

  assert {
    condition     = aws_acm_certificate.this.domain_name == "todo.example.com" && aws_acm_certificate.this.subject_alternative_names == toset(["todo.example.org"])
    error_message = "The first name is the certificate's own, the others are alternatives."
  }
}

run "a_certificate_whose_records_another_one_writes_writes_none" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names              = ["todo.example.com"]
    create_validation_records = false
  }

  assert {
    condition     = length(aws_route53_record.validation) == 0
    error_message = "AWS asks for the same record for the same name in every region: one certificate writes it."
  }
}

run "acm_certificate_refuses_wrong_names_and_zones" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names               = ["todo"]
    validation_timeout_minutes = 0
  }
  expect_failures = [var.domain_names, var.validation_timeout_minutes]
}

run "acm_certificate_refuses_a_name_on_it_twice" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names = ["todo.example.com", "todo.example.com"]
  }
  expect_failures = [var.domain_names]
}

run "acm_certificate_refuses_a_zone_by_its_name" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names           = ["todo.example.com"]
    domain_name_by_zone_id = { "example.com" = ["todo.example.com"] }
  }
  expect_failures = [var.domain_name_by_zone_id]
}

run "acm_certificate_refuses_a_name_in_two_zones" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names           = ["todo.example.com"]
    domain_name_by_zone_id = { Z0COM = ["todo.example.com"], Z0ORG = ["todo.example.com"] }
  }
  expect_failures = [var.domain_name_by_zone_id]
}

run "acm_certificate_refuses_a_name_without_its_zone" {
  command = plan
  module {
    source = "./modules/acm_certificate"
  }
  variables {
    domain_names           = ["todo.example.com", "todo.example.org"]
    domain_name_by_zone_id = { Z0COM = ["todo.example.com"] }
  }
  expect_failures = [var.domain_name_by_zone_id]
}
