variable "project_name" {
  description = "Name of the project: beginning of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.project_name))
    error_message = "project_name must be a DNS label of 20 characters at most: lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "aws_region" {
  description = "Region that the project runs in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region's code, such as us-east-2."
  }
}

variable "owner" {
  description = "Team or person who answers for what is created, for the tag Owner."
  type        = string

  validation {
    condition     = can(regex("^[\\p{L}\\p{N} _.:/=+@-]{1,256}$", var.owner))
    error_message = "owner must have 1 to 256 characters that a tag takes: letters, digits, spaces and any of _ . : / = + @ -"
  }
}

variable "zone_name" {
  description = "Domain of the hosted zone, such as todo.example.com. Its name servers have to be entered where the domain above it is kept."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.zone_name))
    error_message = "zone_name must be a full domain, such as todo.example.com."
  }
}

variable "repositories" {
  description = "Names of the services that run as containers: each gets an image repository."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.repositories : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "Each of repositories must be a DNS label of 32 characters at most: lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "kept_images" {
  description = "Images that each repository keeps: as many releases can be rolled back to."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.kept_images >= 2 && floor(var.kept_images) == var.kept_images
    error_message = "kept_images must be a whole number of at least 2: the running image and the one before it."
  }
}

variable "force_destroy" {
  description = "Whether destroying this stack also deletes the images and keys in it. Null: only on an emulator. On AWS a repository with images stops the destruction, since they are all that a rollback has."
  type        = bool
  default     = null
}

variable "emulated" {
  description = "Whether an emulator answers instead of AWS: S3 by path, no check of credentials, region or metadata service. Its address comes from AWS_ENDPOINT_URL."
  type        = bool
  default     = false
  nullable    = false
}
