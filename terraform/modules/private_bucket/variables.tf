variable "bucket_name" {
  description = "Name of the bucket. Bucket names are shared by all accounts of the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must have 3 to 63 lower-case letters, digits or hyphens, and begin and end with a letter or digit."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes the objects in it, with all their versions."
  type        = bool
  default     = false
  nullable    = false
}

variable "refuse_plain_http" {
  description = "Whether requests that are not encrypted on their way are refused."
  type        = bool
  default     = true
  nullable    = false
}

variable "noncurrent_version_days" {
  description = "Days that a replaced or deleted object can still be brought back. Null: for ever."
  type        = number
  default     = null

  validation {
    condition     = try(var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days, var.noncurrent_version_days == null)
    error_message = "noncurrent_version_days must be a whole number of at least 1."
  }
}

variable "newer_noncurrent_versions" {
  description = "Of each object, so many replaced versions, the newest ones, stay longer than noncurrent_version_days. Null: none."
  type        = number
  default     = null

  validation {
    condition     = try(contains(range(1, 101), var.newer_noncurrent_versions), var.newer_noncurrent_versions == null)
    error_message = "newer_noncurrent_versions must be a whole number from 1 to 100."
  }
}

variable "kms_key_arn" {
  description = "Key of your own that the objects are encrypted with, paid by the month and the request; whoever reads or writes needs it too. Null: a key that S3 keeps, free of charge."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, not of its alias."
  }
}

variable "access_logs" {
  description = "Where S3 writes down who asked for what: a bucket of this account and region that lets logging.s3.amazonaws.com in, and the beginning of the records' names. Null: no records."
  type = object({
    bucket = string
    prefix = optional(string)
  })
  default = null

  validation {
    condition     = var.access_logs == null || try(var.access_logs.bucket != var.bucket_name && can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_logs.bucket)), false)
    error_message = "access_logs.bucket must be the name of another bucket than bucket_name: a bucket that logs into itself never comes to rest."
  }
}

variable "service_grants" {
  description = "What AWS services may do with the bucket, each only on behalf of the resources named by source_arns; on_objects chooses the objects (true) or the bucket itself (false)."
  type = list(object({
    sid         = string
    service     = string
    actions     = list(string)
    on_objects  = bool
    source_arns = list(string)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for grant in var.service_grants : length(grant.source_arns) > 0 && length(grant.actions) > 0])
    error_message = "Every grant in service_grants needs at least one action and one source ARN: a grant to a whole service would reach other accounts' resources."
  }
}
