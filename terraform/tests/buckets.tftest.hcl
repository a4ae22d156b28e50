# The two kinds of bucket, and the keys, roles and certificates that need no network.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "a_private_bucket_refuses_plain_http_and_lets_in_whom_it_was_told_to" {
  command = plan
  module {
    source = "./modules/private_bucket"
  }
  variables {
    bucket_name = "todo-private"
    kms_key_arn = "arn:aws:kms:us-east-2:123456789012:key/11111111-2222-3333-4444-555555555555"
    access_logs = { bucket = "todo-access-logs" }
    service_grants = [{
      sid         = "LogsAreDelivered"
      service     = "logging.s3.amazonaws.com"
      actions     = ["s3:PutObject"]
      on_objects  = true
      source_arns = ["arn:aws:s3:::another-bucket"]
    }]
  }
  assert {
    condition = jsondecode(aws_s3_bucket_policy.this.policy).Statement == [
      {
        Sid       = "RefusePlainHttp"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::a-bucket", "arn:aws:s3:::a-bucket/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "LogsAreDelivered"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = ["s3:PutObject"]
        Resource  = "arn:aws:s3:::a-bucket/*"
        Condition = { StringEquals = { "aws:SourceArn" = ["arn:aws:s3:::another-bucket"] } }
      },
    ]
    error_message = "The bucket's policy says something else than it was told: ${aws_s3_bucket_policy.this.policy}"
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "With a key of one's own the bucket is encrypted with that key."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0
    error_message = "Old versions are kept for ever unless a number of days is given."
  }
}

run "private_bucket_refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/private_bucket"
  }
  variables {
    bucket_name               = "Not_A_Bucket"
    noncurrent_version_days   = 0
    newer_noncurrent_versions = 101
    kms_key_arn               = "alias/todo"
    service_grants            = [{ sid = "Anyone", service = "s3.amazonaws.com", actions = ["s3:GetObject"], on_objects = true, source_arns = [] }]
  }
  expect_failures = [
    var.bucket_name, var.noncurrent_version_days, var.newer_noncurrent_versions, var.kms_key_arn, var.service_grants,
  ]
}

run "private_bucket_refuses_to_log_into_itself" {
  command = plan
  module {
    source = "./modules/private_bucket"
  }
  variables {
    bucket_name = "todo-private"
    access_logs = { bucket = "todo-private" }
  }
  expect_failures = [var.access_logs]
}

run "another_sites_pages_read_a_website_bucket_when_they_are_named" {
  command = plan
  module {
    source = "./modules/website_bucket"
  }
  variables {
    bucket_name          = "todo-site"
    distribution_arns    = ["arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"]
    cors_allowed_origins = ["https://www.example.com"]
  }
  assert {
    condition     = one(aws_s3_bucket_cors_configuration.this[0].cors_rule).allowed_origins == toset(["https://www.example.com"])
    error_message = "Another site's pages read this bucket only when they were named."
  }

  assert {
    condition     = length(aws_cloudfront_function.routing) == 0 && output.viewer_request_function_arn == null
    error_message = "Without routing there is no function."
  }
}

run "website_bucket_refuses_wrong_values" {
  command = plan
  module {
    source = "./modules/website_bucket"
  }
  variables {
    bucket_name             = "s"
    distribution_arns       = []
    noncurrent_version_days = 1.5
    cors_allowed_origins    = ["https://www.example.com/path"]
    routing                 = { index_in_folders = true, single_page = true }
  }
  expect_failures = [
    var.bucket_name, var.distribution_arns, var.noncurrent_version_days, var.cors_allowed_origins, var.routing,
  ]
}

run "website_bucket_refuses_a_prefix_that_is_no_path" {
  command = plan
  module {
    source = "./modules/website_bucket"
  }
  variables {
    bucket_name       = "todo-site"
    distribution_arns = ["arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"]
    routing           = { rules = [{ prefix = "docs" }] }
  }
  expect_failures = [var.routing]
}

run "website_bucket_refuses_a_replacement_that_is_no_path" {
  command = plan
  module {
    source = "./modules/website_bucket"
  }
  variables {
    bucket_name       = "todo-site"
    distribution_arns = ["arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"]
    routing           = { rules = [{ prefix = "/docs", replace_with = "https://elsewhere.example.com" }] }
  }
  expect_failures = [var.routing]
}

run "website_bucket_refuses_more_rules_than_a_function_holds" {
  command = plan
  module {
    source = "./modules/website_bucket"
  }
  variables {
    bucket_name       = "todo-site"
    distribution_arns = ["arn:aws:cloudfront::123456789012:distribution/E0123456789ABC"]
    routing           = { rules = [for number in range(400) : { prefix = "/a-part-of-the-site-${number}" }] }
  }
  expect_failures = [var.routing]
}

run "key_pair_refuses_a_private_key_and_a_name_with_blanks" {
  command = plan
  module {
    source = "./modules/key_pair"
  }
  variables {
    name       = "to do"
    public_key = "-----BEGIN OPENSSH PRIVATE KEY-----"
  }
  expect_failures = [var.name, var.public_key]
}

run "no_public_key_makes_no_key_pair" {
  command = plan
  module {
    source = "./modules/key_pair"
  }
  variables {
    name = "todo"
  }

  assert {
    condition     = length(aws_key_pair.this) == 0 && output.name == null
    error_message = "Without a public key there is nothing to register."
  }
}
