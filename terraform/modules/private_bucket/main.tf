resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV2_AWS_62: Nobody waits for events of these buckets.
  # checkov:skip=CKV_AWS_144: Versions bring back what was deleted or overwritten; the loss of a whole region is not what these files are kept for.
  bucket        = var.bucket_name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_logging" "this" {
  count = var.access_logs == null ? 0 : 1

  bucket        = aws_s3_bucket.this.id
  target_bucket = var.access_logs.bucket
  target_prefix = coalesce(var.access_logs.prefix, "${var.bucket_name}/")
}

# The provider watches a new lifecycle for about 55 seconds before it calls it settled.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.noncurrent_version_days == null ? 0 : 1

  bucket = aws_s3_bucket.this.id

  rule {
    id     = "expire-old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days           = var.noncurrent_version_days
      newer_noncurrent_versions = var.newer_noncurrent_versions
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  # A lifecycle that speaks of versions is only accepted once the bucket keeps them.
  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.refusals, local.grants)
  })

  # S3 answers 409 when these two settings are written at once.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

locals {
  refusals = [for sid in var.refuse_plain_http ? ["RefusePlainHttp"] : [] : {
    Sid       = sid
    Effect    = "Deny"
    Principal = "*"
    Action    = "s3:*"
    Resource  = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }]

  grants = [for grant in var.service_grants : {
    Sid       = grant.sid
    Effect    = "Allow"
    Principal = { Service = grant.service }
    Action    = grant.actions
    Resource  = grant.on_objects ? "${aws_s3_bucket.this.arn}/*" : aws_s3_bucket.this.arn
    Condition = { StringEquals = { "aws:SourceArn" = grant.source_arns } }
  }]
}
