# Bucket names are shared by all accounts of the world: the account's number makes them unique.

module "site_bucket" {
  source = "../website_bucket"

  bucket_name             = "${local.name}-site-${local.account_id}"
  distribution_arns       = [local.distribution.arn]
  routing                 = var.site_routing
  refuse_plain_http       = var.viewer_protocol_policy != "allow-all"
  force_destroy           = var.force_destroy
  noncurrent_version_days = var.noncurrent_version_days
}

module "state_bucket" {
  source = "../private_bucket"

  bucket_name             = "${local.name}-state-${local.account_id}"
  force_destroy           = var.force_destroy
  noncurrent_version_days = var.noncurrent_version_days
}

locals {
  state_storage_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadAndWriteState"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "${module.state_bucket.arn}/*"
      },
      {
        # Without it S3 answers 403 for a state that was never saved, instead of 404.
        Sid      = "TellMissingState"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = module.state_bucket.arn
      },
    ]
  })
}
