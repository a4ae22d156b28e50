resource "aws_ecs_cluster" "this" {
  # checkov:skip=CKV_AWS_65: Paid for by the metric, and what the panel shows needs none of it: container_insights turns it on.
  name = local.name

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }
}

module "instance_role" {
  source = "../iam_role"

  name                    = "${local.name}-instance"
  description             = "Instances of the ECS cluster ${local.name}."
  trusted_service         = "ec2.amazonaws.com"
  create_instance_profile = true

  permissions_boundary_arn = var.permissions_boundary_arn

  managed_policy_arns = {
    ecs-agent       = "arn:${local.partition}:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
    session-manager = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
  }
}

module "key_pair" {
  source = "../key_pair"

  name       = local.name
  public_key = var.ssh_public_key
}

resource "aws_launch_template" "instance" {
  name        = "${local.name}-instance"
  description = "Instances of the ECS cluster ${local.name}"
  # Looked up whenever an instance starts, so a new one is a patched one, and a release of the image by
  # Amazon is no change to this template.
  image_id               = "resolve:ssm:${var.ecs_ami_ssm_parameter}"
  instance_type          = var.instance_type
  key_name               = module.key_pair.name
  vpc_security_group_ids = [aws_security_group.instances.id]
  update_default_version = true

  iam_instance_profile {
    arn = module.instance_role.instance_profile_arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.instance_volume_gb
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  # Default tags stop at the template: what is launched from it has to be told.
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume", "network-interface"])

    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${local.name}-instance" })
    }
  }

  user_data = base64encode(templatefile("${path.module}/user_data.sh.tftpl", {
    cluster_name = aws_ecs_cluster.this.name
  }))
}

locals {
  instances = var.asleep ? 0 : var.instance_count
}

resource "aws_autoscaling_group" "this" {
  name                = local.name
  min_size            = local.instances
  max_size            = local.instances
  desired_capacity    = local.instances
  vpc_zone_identifier = var.subnet_ids
  health_check_type   = "EC2"
  # Instances start while the rest is being made; the first deployment waits for them.
  wait_for_capacity_timeout = "0"

  launch_template {
    id      = aws_launch_template.instance.id
    version = aws_launch_template.instance.latest_version
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 50
    }
  }

  dynamic "tag" {
    for_each = merge(var.tags, { Name = "${local.name}-instance" })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}
