variable "log_retention_days" {
  description = "Days that the services' logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of the periods that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "noncurrent_version_days" {
  description = "Days that a replaced or deleted file, of the site or of the services' state, can still be brought back. Null: for ever."
  type        = number
  default     = 30

  validation {
    condition     = try(var.noncurrent_version_days >= 1 && floor(var.noncurrent_version_days) == var.noncurrent_version_days, var.noncurrent_version_days == null)
    error_message = "noncurrent_version_days must be a whole number of at least 1."
  }
}

variable "force_destroy" {
  description = "Whether destroying the environment also deletes the published site and the services' saved state. False: files in the buckets stop the destruction."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the load balancer, and with it the environment."
  type        = bool
  default     = false
  nullable    = false
}
