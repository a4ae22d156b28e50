# What a mocked provider answers, where a made-up word would be refused by a module or by the provider's own checks.

mock_data "aws_caller_identity" {
  defaults = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
}

mock_data "aws_availability_zones" {
  defaults = { names = ["us-east-2b", "us-east-2c", "us-east-2a"] }
}

mock_data "aws_ec2_managed_prefix_list" {
  defaults = { id = "pl-0123456789abcdef0" }
}

# Known before there is a bucket, so that what policies say of it can be read in a plan. Every bucket has the same, and
# what is not written here would be another word in every plan.
mock_resource "aws_s3_bucket" {
  override_during = plan
  defaults = {
    id                          = "a-bucket"
    arn                         = "arn:aws:s3:::a-bucket"
    region                      = "us-east-2"
    hosted_zone_id              = "Z2O1EMRO9K5GLX"
    bucket_domain_name          = "a-bucket.s3.amazonaws.com"
    bucket_regional_domain_name = "a-bucket.s3.us-east-2.amazonaws.com"
    bucket_prefix               = ""
    acceleration_status         = ""
    acl                         = ""
    policy                      = ""
    request_payer               = "BucketOwner"
    website_domain              = ""
    website_endpoint            = ""
  }
}
