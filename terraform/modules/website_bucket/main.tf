module "bucket" {
  source = "../private_bucket"

  bucket_name       = var.bucket_name
  force_destroy     = var.force_destroy
  refuse_plain_http = var.refuse_plain_http

  noncurrent_version_days = var.noncurrent_version_days
  # An earlier release is put back from the versions that its pages had, however long ago they were replaced. The
  # panel takes away what no kept release needs; the days are for what it knows nothing of.
  newer_noncurrent_versions = 100

  # Reading objects is what CloudFront is for. Listing is there for its answer to a missing page: without
  # it S3 says 403 (access denied) instead of 404. No viewer can list, as the distribution forwards no query.
  service_grants = [
    {
      sid         = "CloudFrontReadsObjects"
      service     = "cloudfront.amazonaws.com"
      actions     = ["s3:GetObject"]
      on_objects  = true
      source_arns = var.distribution_arns
    },
    {
      sid         = "CloudFrontTellsMissingPages"
      service     = "cloudfront.amazonaws.com"
      actions     = ["s3:ListBucket"]
      on_objects  = false
      source_arns = var.distribution_arns
    },
  ]
}

resource "aws_s3_bucket_cors_configuration" "this" {
  count = length(var.cors_allowed_origins) > 0 ? 1 : 0

  bucket = module.bucket.name

  cors_rule {
    allowed_methods = ["GET", "HEAD"]
    allowed_origins = var.cors_allowed_origins
    allowed_headers = ["*"]
    max_age_seconds = 3600
  }
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = var.bucket_name
  description                       = "Signs CloudFront's requests to ${var.bucket_name}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
