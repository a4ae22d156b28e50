variable "bucket_name" {
  description = "Name of the bucket. Bucket names are shared by all accounts of the world."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must have 3 to 63 lower-case letters, digits or hyphens, and begin and end with a letter or digit."
  }
}

variable "distribution_arns" {
  description = "ARNs of the CloudFront distributions that may read the bucket."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.distribution_arns) > 0
    error_message = "distribution_arns must name at least one distribution: nobody else can read a website bucket."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket also deletes the published site, with all its versions."
  type        = bool
  default     = false
  nullable    = false
}

variable "refuse_plain_http" {
  description = "Whether requests that are not encrypted on their way are refused. CloudFront asks S3 the way the viewer asked CloudFront, so only a distribution whose viewers may use plain HTTP needs false."
  type        = bool
  default     = true
  nullable    = false
}

variable "noncurrent_version_days" {
  description = "Days that a replaced or deleted file can still be brought back; the newest 100 replaced versions of a file stay longer. Null: for ever."
  type        = number
  default     = 30

  validation {
    condition     = try(var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days, var.noncurrent_version_days == null)
    error_message = "noncurrent_version_days must be a whole number of at least 1."
  }
}

variable "cors_allowed_origins" {
  description = "Origins of other sites whose pages may read this bucket's files, such as https://www.example.com. Empty: none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.cors_allowed_origins : can(regex("^https?://[a-z0-9.*-]+(:[0-9]+)?$", origin))])
    error_message = "Each of cors_allowed_origins must be an origin: https:// and a host name, without a path."
  }
}

variable "routing" {
  description = "How paths become files, in this order. rules: the first prefix that fits whole parts of the path (/docs fits /docs and /docs/a, not /docsets) is replaced. index_in_folders: /about and /about/ are /about/index.html. single_page: every path without a file's extension is /index.html. Null: a path is the file of that name."
  type = object({
    index_in_folders = optional(bool, false)
    single_page      = optional(bool, false)
    rules = optional(list(object({
      prefix       = string
      replace_with = optional(string, "")
    })), [])
  })
  default = null

  validation {
    condition     = !try(var.routing.index_in_folders && var.routing.single_page, false)
    error_message = "routing takes index_in_folders or single_page, not both: each says what a path without a file's extension means."
  }

  validation {
    condition     = alltrue([for rule in try(var.routing.rules, []) : can(regex("^(/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)+/?$", rule.prefix))])
    error_message = "Each prefix in routing.rules must be a path, such as /docs."
  }

  validation {
    condition     = alltrue([for rule in try(var.routing.rules, []) : rule.replace_with == "" || can(regex("^(/[A-Za-z0-9._~%!$&'()*+,;=:@-]+)+/?$", rule.replace_with))])
    error_message = "Each replace_with in routing.rules must be a path, such as /manual, or empty to take the prefix off."
  }

  validation {
    condition     = length(jsonencode(try(var.routing.rules, []))) <= 8000
    error_message = "routing.rules are too many: CloudFront takes a function of 10 kB."
  }
}
