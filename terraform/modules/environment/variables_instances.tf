variable "instance_type" {
  description = "Type of the cluster's instances. A t3.micro carries one task beside itself, since it has two network interfaces."
  type        = string
  default     = "t3.micro"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.instance_type))
    error_message = "instance_type must be the name of an EC2 instance type, such as t3.micro."
  }
}

variable "instance_count" {
  description = "Instances of the cluster, spread over two zones."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.instance_count >= 1 && var.instance_count <= 100 && floor(var.instance_count) == var.instance_count
    error_message = "instance_count must be a whole number between 1 and 100."
  }

  # Certain for the smallest types alone: they have two network interfaces, of which a task takes one.
  validation {
    condition = !can(regex("^t(2|3|3a|4g)\\.(nano|micro)$", var.instance_type)) || var.instance_count >= sum(concat([0], [
      for service in values(var.services) : try(service.autoscaling.max_count, service.desired_count)
    ]))
    error_message = "instance_count of ${var.instance_count} is too small: a ${var.instance_type} carries one task beside itself, and services ask for more than that, by desired_count or by autoscaling.max_count."
  }
}

variable "asleep" {
  description = "Whether the environment is scaled down to nothing: no instances, and services that ask for no task. All else stays, so that it comes back as it was."
  type        = bool
  default     = false
  nullable    = false
}

variable "instance_volume_gb" {
  description = "Size of each instance's encrypted disk, in GiB; at least the 30 of Amazon's ECS image."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.instance_volume_gb >= 30 && floor(var.instance_volume_gb) == var.instance_volume_gb
    error_message = "instance_volume_gb must be a whole number of at least 30."
  }
}

variable "ecs_ami_ssm_parameter" {
  description = "Public parameter that names the instances' image. The default is Amazon Linux 2023 for ECS on x86_64; a Graviton type such as t4g.micro needs the arm64 one."
  type        = string
  default     = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
  nullable    = false

  validation {
    condition     = can(regex("^/[A-Za-z0-9_./-]+$", var.ecs_ami_ssm_parameter))
    error_message = "ecs_ami_ssm_parameter must be the path of a Systems Manager parameter, beginning with /."
  }
}

variable "container_insights" {
  description = "Whether CloudWatch collects the cluster's detailed metrics, which it charges for: enabled, enhanced or disabled."
  type        = string
  default     = "disabled"
  nullable    = false

  validation {
    condition     = contains(["enabled", "enhanced", "disabled"], var.container_insights)
    error_message = "container_insights must be enabled, enhanced or disabled."
  }
}

variable "ssh_public_key" {
  description = "Public half of an SSH key for the instances, in OpenSSH format. Null: none, and Session Manager is the way in. No port is opened for SSH either way."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_public_key == null || can(regex("^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+", var.ssh_public_key))
    error_message = "ssh_public_key must be a public key in OpenSSH format (ssh-ed25519 or ssh-rsa), never a private one."
  }
}
