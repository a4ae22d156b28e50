locals {
  # Only this account's ECS may hand the roles out: not another account's, in AWS's name.
  trust_conditions = {
    StringEquals = { "aws:SourceAccount" = var.account_id }
    ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ecs:${var.aws_region}:${var.account_id}:*" }
  }
}

module "task_role" {
  source = "../iam_role"

  name             = "${var.name_prefix}-${var.service_name}-task"
  description      = "What the code of ${var.service_name} (${var.name_prefix}) may do."
  trusted_service  = "ecs-tasks.amazonaws.com"
  trust_conditions = local.trust_conditions
  inline_policies  = var.task_policies
}

module "execution_role" {
  source = "../iam_role"

  name             = "${var.name_prefix}-${var.service_name}-execution"
  description      = "What ECS needs to start ${var.service_name} (${var.name_prefix}): pull its image, write its log."
  trusted_service  = "ecs-tasks.amazonaws.com"
  trust_conditions = local.trust_conditions

  inline_policies = {
    pull-and-log = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          # A token is for the whole registry: this action knows no resource.
          Sid      = "SignInToRegistry"
          Effect   = "Allow"
          Action   = ["ecr:GetAuthorizationToken"]
          Resource = "*"
        },
        {
          Sid      = "PullImage"
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = var.repository_arn
        },
        {
          Sid      = "WriteLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.this.arn}:*"
        },
      ]
    })
  }
}

resource "aws_security_group" "tasks" {
  name        = "${var.name_prefix}-${var.service_name}-tasks"
  description = "Tasks of ${var.service_name} (${var.name_prefix})"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name_prefix}-${var.service_name}-tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Requests from the load balancer"
  referenced_security_group_id = var.load_balancer_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.tasks.id
  description       = "AWS services and other HTTPS addresses"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
